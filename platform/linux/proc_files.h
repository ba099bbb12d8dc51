// Reads files of proc(5) and its list of processes.

#ifndef TALLYMAN_PLATFORM_LINUX_PROC_FILES_H_
#define TALLYMAN_PLATFORM_LINUX_PROC_FILES_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tallyman::platform {

// A buffer that keeps its memory between uses and grows to fit any file.
class ReadBuffer {
 public:
  static constexpr size_t kMaxBytes = size_t{4} << 20;

  ReadBuffer();

  // Reads the file `name` of the directory `dir_fd` from beginning to end, or
  // its first kMaxBytes: a process can make its command line as long as it
  // likes (prctl(2), PR_SET_MM_ARG_END), and must not exhaust its reader.
  // Returns 0, or the errno of what failed: ENOENT and ESRCH when the process
  // is gone, EACCES and EPERM when the caller may not read it.
  int ReadFile(int dir_fd, const char* name);

  // The same of an open file, whatever its offset is; that stays as it is.
  int ReadFrom(int fd);

  // What the last successful read has read; valid until the next one.
  std::string_view text() const { return {data_.get(), size_}; }

 private:
  void Grow();

  std::unique_ptr<char[]> data_;
  size_t capacity_;
  size_t size_ = 0;
};

// True for the errno values that say that the caller, or the system, is out of
// file descriptors or memory: a passing state of the reader that says nothing
// of the file.
bool IsExhaustion(int error);

// Why a listing as a whole failed: Unavailable if IsExhaustion(error), else
// Internal.
absl::Status ListingError(int error);

// The pids that the directory `proc_fd` lists, ascending. Reads no further once
// there are `enough`: proc(5) lists them in this order, a recorded tree may
// not.
absl::StatusOr<std::vector<int32_t>> ReadPids(
    int proc_fd, size_t enough = std::numeric_limits<size_t>::max());

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_LINUX_PROC_FILES_H_
