// Reads files of proc(5), and its list of pids.

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

// A buffer that keeps its memory between uses and grows to fit any file. Not
// thread-safe.
class ReadBuffer {
 public:
  static constexpr size_t kMaxBytes = size_t{4} << 20;

  ReadBuffer();

  // Reads the file `name` of the directory `dir_fd`, at most its first
  // kMaxBytes bytes: a process can make its command line as long as it likes
  // (prctl(2), PR_SET_MM_ARG_END), and must not exhaust its reader. Returns 0
  // or an errno: ENOENT or ESRCH if the process is gone, EACCES or EPERM if the
  // caller may not read the file.
  int ReadFile(int dir_fd, const char* name);

  // The same for an open file, from its beginning. Ignores its offset, and
  // leaves it alone.
  int ReadFrom(int fd);

  // The bytes of the last successful read; valid until the next read.
  std::string_view text() const { return {data_.get(), size_}; }

 private:
  void Grow();

  std::unique_ptr<char[]> data_;
  size_t capacity_;
  size_t size_ = 0;
};

// True for the errno values that mean that the caller, or the system, is out of
// file descriptors or memory: a temporary state, independent of the file.
bool IsExhaustion(int error);

// The error of a whole listing: Unavailable if IsExhaustion(error), else
// Internal.
absl::Status ListingError(int error);

// The pids that the directory `proc_fd` lists, ascending. Stops reading once it
// has `enough`: these are the smallest in proc(5), which lists pids in
// ascending order, but not in a recorded tree.
absl::StatusOr<std::vector<int32_t>> ReadPids(
    int proc_fd, size_t enough = std::numeric_limits<size_t>::max());

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_LINUX_PROC_FILES_H_
