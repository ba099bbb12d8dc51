#include "stacks/output/output_rotation.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "platform/base/unique_fd.h"
#include "stacks/output/output_file_error.h"

namespace tallyman::stacks {
namespace {

constexpr int64_t kCopyBytes = 256 << 10;  // The size of the buffer.
constexpr int64_t kPageBytes = 4096;
// How often new bytes are copied before the file is truncated.
constexpr int kMaxCopies = 100;

// Appends the bytes of `from` between `begin` and `end` to `to`; fewer if the
// file is shorter.
absl::Status Copy(const base::UniqueFd& from, int64_t begin, int64_t end,
                  const base::UniqueFd& to, const std::string& to_path) {
  std::vector<char> buffer(
      static_cast<size_t>(std::min(kCopyBytes, end - begin)));
  while (begin < end) {
    const size_t desired = static_cast<size_t>(
        std::min(static_cast<int64_t>(buffer.size()), end - begin));
    const ssize_t got = pread(from.get(), buffer.data(), desired, begin);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return OutputFileError(errno, to_path, "can't be filled by reading");
    }
    if (got == 0) break;
    begin += got;
    for (ssize_t done = 0; done < got;) {
      const ssize_t put = write(to.get(), buffer.data() + done,
                                static_cast<size_t>(got - done));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return OutputFileError(errno, to_path, "can't be written");
      done += put;
    }
  }
  return absl::OkStatus();
}

// How many bytes can be taken from the front of a file: whole blocks, and not
// the whole file (fallocate(2)). st_blksize is the block size of ext4 and xfs,
// or a multiple.
int64_t CollapsibleBytes(const struct stat& info) {
  for (const int64_t block :
       {static_cast<int64_t>(info.st_blksize), kPageBytes}) {
    if (block <= 0 || block % kPageBytes != 0) continue;
    const int64_t bytes = (info.st_size - 1) / block * block;
    if (bytes > 0) return bytes;
  }
  return info.st_size;
}

// Takes `bytes` from the front of the file; false if its file system can't.
absl::StatusOr<bool> Collapse(const base::UniqueFd& file, int64_t bytes,
                              const std::string& path) {
  int result = 0;
  do {
    result = fallocate(file.get(), FALLOC_FL_COLLAPSE_RANGE, 0, bytes);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return true;
  // EINVAL: the blocks are larger, or the program truncated the file.
  if (errno == EOPNOTSUPP || errno == EINVAL || errno == ENOTTY ||
      errno == ENOSYS) {
    return false;
  }
  return OutputFileError(errno, path, "can't be shortened at its front");
}

// Copies the bytes after `copied` to `copy`, then truncates the file. Returns
// how many bytes `copy` has.
absl::StatusOr<int64_t> CopyRestAndTruncate(const base::UniqueFd& file,
                                            const std::string& path,
                                            int64_t copied,
                                            const base::UniqueFd& copy,
                                            const std::string& copy_path) {
  for (int copies = 0; copies < kMaxCopies; ++copies) {
    struct stat info;
    if (fstat(file.get(), &info) != 0) {
      return OutputFileError(errno, path, "can't be examined");
    }
    // The program truncated it: all of its bytes may be new.
    if (info.st_size < copied) return copied;
    if (info.st_size == copied) break;
    absl::Status status = Copy(file, copied, info.st_size, copy, copy_path);
    if (!status.ok()) return status;
    copied = info.st_size;
  }
  if (ftruncate(file.get(), 0) != 0) {
    return OutputFileError(errno, path, "can't be truncated");
  }
  return copied;
}

}  // namespace

std::string RotatedOutputPath(const std::string& path) {
  return absl::StrCat(path, ".1");
}

absl::StatusOr<bool> RotateOutputFile(
    const std::string& path, int64_t max_bytes, bool may_collapse,
    absl::Mutex& moving, absl::FunctionRef<void(int64_t)> on_moved) {
  // O_NONBLOCK: a program of our user could have put a FIFO there.
  const base::UniqueFd file(
      open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.valid()) {
    if (errno == ENOENT) return false;
    return OutputFileError(errno, path, "can't be opened");
  }
  struct stat info;
  if (fstat(file.get(), &info) != 0) {
    return OutputFileError(errno, path, "can't be examined");
  }
  if (!S_ISREG(info.st_mode) || info.st_size <= max_bytes) return false;

  const std::string copy_path = absl::StrCat(path, ".tmp");
  const std::string rotated_path = RotatedOutputPath(path);
  const base::UniqueFd copy(
      open(copy_path.c_str(),
           O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!copy.valid()) return OutputFileError(errno, copy_path, "can't be made");
  const int64_t bytes = may_collapse ? CollapsibleBytes(info) : info.st_size;
  absl::Status copied = Copy(file, 0, bytes, copy, copy_path);
  // Else a power failure could lose both the copy and the original.
  if (copied.ok() && fdatasync(copy.get()) != 0) {
    copied = OutputFileError(errno, copy_path, "can't be written");
  }
  if (!copied.ok()) {
    unlink(copy_path.c_str());
    return copied;
  }

  absl::MutexLock lock(&moving);
  if (rename(copy_path.c_str(), rotated_path.c_str()) != 0) {
    const int error = errno;
    unlink(copy_path.c_str());
    return OutputFileError(error, copy_path, "can't be renamed");
  }
  // A crash here leaves the bytes in both files.
  if (may_collapse) {
    absl::StatusOr<bool> collapsed = Collapse(file, bytes, path);
    if (!collapsed.ok()) return collapsed;
    if (*collapsed) {
      on_moved(bytes);
      return true;
    }
  }
  absl::StatusOr<int64_t> cut =
      CopyRestAndTruncate(file, path, bytes, copy, rotated_path);
  if (!cut.ok()) return cut.status();
  on_moved(*cut);
  return true;
}

}  // namespace tallyman::stacks
