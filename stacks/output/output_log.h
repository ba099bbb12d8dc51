// The output of instances: one file for each, rotated by size, and its last
// lines.

#ifndef TALLYMAN_STACKS_OUTPUT_OUTPUT_LOG_H_
#define TALLYMAN_STACKS_OUTPUT_OUTPUT_LOG_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"
#include "stacks/model/instance_key.h"

namespace tallyman::stacks {

inline constexpr int64_t kMaxLogLines = 10000;  // that one read returns
inline constexpr int64_t kMaxLogBytes =
    1 << 20;  // likewise; older lines are left out

// The files below one directory: STACK_UID/PROCESS.NUMBER.log, and .log.1 with
// what was before. Thread-safe.
class OutputLogs {
 public:
  struct Options {
    // A file that is larger is rotated: what is in it moves to .log.1, whose
    // contents before go. At least 4096.
    int64_t max_bytes = 10 << 20;
    // False does as on a file system that can't collapse; for tests.
    bool may_collapse = true;
  };
  // Makes `directory` (mode 0700) if it is missing.
  static absl::StatusOr<OutputLogs> Open(std::string directory,
                                         Options options);

  // Opens the file of an instance to append to it (O_APPEND), making it.
  absl::StatusOr<base::UniqueFd> OpenForAppend(const InstanceKey& key) const;

  // The last `lines` lines, oldest first, from the rotated file as well where
  // the present one is too short; without their ends (LF or CR LF), else byte
  // for byte as they were written: they may hold NULs and need not be UTF-8. A
  // last line that has no end yet counts. Empty if there is no output. At most
  // kMaxLogLines and kMaxLogBytes; of a last line that is longer the end is
  // returned. The oldest line of all may lack its beginning, which was rotated
  // away. Reads no more than it has to, from the end.
  absl::StatusOr<std::vector<std::string>> Tail(const InstanceKey& key,
                                                int64_t lines) const;

  // The last line that isn't blank, cut to 500 bytes (at a UTF-8 boundary); ""
  // if there is none, or none in the last 64 KiB. Cheap: reads a few KiB.
  std::string LastLine(const InstanceKey& key) const;

  // Rotates the file if it is too large; true if it did, false if it is not or
  // if there is none. The program that writes it has it open (O_APPEND) and is
  // not disturbed: what was written is copied to .log.1, then taken from the
  // front of the file (fallocate(2), FALLOC_FL_COLLAPSE_RANGE), which loses
  // nothing. That takes whole blocks, so that up to one block stays, and a line
  // may be cut between the files; Tail() joins it. On file systems that can't
  // do that the file is cut after the copy, and what is written between the
  // last look and the cut (microseconds) is lost.
  //
  // If it is interrupted (a crash, a full disk) in between, the same bytes may
  // be in both files, until the next rotation; none are lost.
  absl::StatusOr<bool> RotateIfLarge(const InstanceKey& key) const;

  // The path of an instance's file; "" if the key is no file name.
  std::string Path(const InstanceKey& key) const;

  // Removes all files of a stack. OK if there are none. Waits for a rotation of
  // one that is under way.
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
