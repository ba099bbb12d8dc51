// The output files of instances: one for each, opened for the program to append
// to, rotated by size, read from the end.
//
// Example: stacks/stacks_example_test.cc

#ifndef TALLYMAN_STACKS_OUTPUT_OUTPUT_LOG_H_
#define TALLYMAN_STACKS_OUTPUT_OUTPUT_LOG_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/output_times.h"

namespace tallyman::stacks {

// The most that one Tail() returns; older lines are left out.
inline constexpr int64_t kMaxLogLines = 10000;
inline constexpr int64_t kMaxLogBytes = 1 << 20;

// A place in the output of an instance, counted in bytes; see OutputPart.
using OutputPosition = int64_t;

// Consecutive bytes of the output of an instance. Positions count the bytes
// that programs wrote: they stay the same when a rotation moves bytes to
// .log.1. The first byte of the file that this OutputLogs saw first is 0, so
// bytes that were in .log.1 then have negative positions, and the positions of
// two OutputLogs differ.
struct OutputPart {
  OutputPosition begin = 0;  // Of `bytes`.
  std::string bytes;
  // The files when they were read: their oldest byte, the first byte of the
  // file that the program appends to, and the byte after the newest.
  OutputPosition oldest = 0;
  OutputPosition file_begin = 0;
  OutputPosition end = 0;
  // Identifies the rotation before, across starts of the server: with another
  // generation, `file_begin` is another byte. 0 if there was none.
  uint64_t generation = 0;
};

// The files below one directory: STACK_UID/PROCESS.NUMBER.log, .log.1 with the
// output before the last rotation, and .log.times with the times at which it
// was seen. Thread-safe; copies share their locks.
//
// InvalidArgument if a key is no file name; otherwise errors are those of the
// file system and name the file.
class OutputLogs {
 public:
  struct Options {
    // A file that is larger is rotated: its bytes replace those of .log.1. At
    // least 4096.
    int64_t max_bytes = 10 << 20;
    // False: as on a file system without FALLOC_FL_COLLAPSE_RANGE; for tests.
    bool may_collapse = true;
  };
  // Makes `directory` (mode 0700) if it is missing; its parent must exist.
  static absl::StatusOr<OutputLogs> Open(std::string directory,
                                         Options options);

  // Opens the file of an instance to append to it (O_APPEND). Makes the file
  // (mode 0600) and the stack's directory (0700) if they are missing.
  absl::StatusOr<base::UniqueFd> OpenForAppend(const InstanceKey& key) const;

  // The last `lines` lines, oldest first, from both files; empty if there is no
  // output. Lines lack their ends (LF or CR LF) and are otherwise byte for byte
  // as written: they may hold NULs and need not be UTF-8. A last line without
  // an end counts. At most kMaxLogLines and kMaxLogBytes; of a last line longer
  // than that, its end is returned. The oldest line of both files may lack its
  // beginning, which was rotated away. Reads from the end, no more than needed.
  absl::StatusOr<std::vector<std::string>> Tail(const InstanceKey& key,
                                                int64_t lines) const;

  // Opens the file of an instance for Read(). NotFound if it does not exist.
  absl::StatusOr<base::UniqueFd> OpenForRead(const InstanceKey& key) const;

  // Up to `max_bytes` bytes from `begin` on, or from the oldest byte if those
  // are gone. `file` is from OpenForRead(key): its bytes can be read even after
  // the file was removed. A `begin` after the end is OK and reads nothing; a
  // program that truncates its file makes the end smaller.
  absl::StatusOr<OutputPart> Read(const InstanceKey& key,
                                  const base::UniqueFd& file,
                                  OutputPosition begin,
                                  int64_t max_bytes) const;

  // Keeps that the bytes which the file has now were written at or before now,
  // and those that no call has seen after `after` and after the last call. Does
  // nothing if there is no file. Waits for a rotation in progress. `now` is
  // called after the look at the file.
  absl::Status MarkTime(const InstanceKey& key, absl::Time after,
                        absl::FunctionRef<absl::Time()> now) const;

  // The times of the output, by the positions of Read(). They outlive the
  // object: another one finds those that this one has kept. Times are unknown
  // after the loss of the marks (a crash during a rotation, a full disk), and
  // wrong where a program truncates its file and writes more than it had before
  // the next MarkTime().
  absl::StatusOr<OutputTimes> Times(const InstanceKey& key) const;

  // The numbers of the instances of a process that have a file, in no order;
  // NotFound if the stack has no directory.
  absl::StatusOr<std::vector<int64_t>> Instances(
      std::string_view stack_uid, std::string_view process) const;

  // The last line that isn't blank, cut to 500 bytes (at a UTF-8 boundary); ""
  // if the last 64 KiB have none, or on an error. Cheap: reads 4 KiB, or 64 KiB
  // where these have no whole line.
  std::string LastLine(const InstanceKey& key) const;

  // Rotates the file if it is larger than `max_bytes`. Returns whether it did;
  // false if there is no file.
  //
  // The program keeps the file open (O_APPEND) and notices nothing: the bytes
  // are copied to .log.1, then taken from the front of the file (fallocate(2),
  // FALLOC_FL_COLLAPSE_RANGE), which loses nothing. That takes whole blocks: up
  // to one block stays, and a line may be split between the files, which Tail()
  // joins. On file systems that can't collapse, the file is truncated after the
  // copy, and bytes written in the microseconds between the last read and the
  // truncation are lost.
  //
  // After an interruption (a crash, a full disk) the same bytes may be in both
  // files until the next rotation; none are lost.
  absl::StatusOr<bool> RotateIfLarge(const InstanceKey& key) const;

  // The path of an instance's file; "" if the key is no file name.
  std::string Path(const InstanceKey& key) const;
  const std::string& directory() const { return directory_; }
  // Holds the files of a stack. Exists from the first output on.
  std::string StackDirectory(std::string_view stack_uid) const;

  // Removes all files of a stack; OK if there are none. Waits for a rotation in
  // progress.
  absl::Status RemoveStack(std::string_view stack_uid) const;

 private:
  struct Locks;

  OutputLogs(std::string directory, Options options);

  std::string directory_;
  Options options_;
  std::shared_ptr<Locks> locks_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_OUTPUT_OUTPUT_LOG_H_
