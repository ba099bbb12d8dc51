#include "stacks/output/output_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/unique_fd.h"
#include "stacks/output/output_file_error.h"
#include "stacks/output/output_rotation.h"

namespace tallyman::stacks {
namespace {

// Differs from the generation before, since both files exist at once, and from
// older ones, whose inode may be the same, by time.
uint64_t GenerationOf(const struct stat& rotated) {
  constexpr uint64_t kNanosecond = 1'000'000'000;
  const uint64_t time =
      static_cast<uint64_t>(rotated.st_mtim.tv_sec) * kNanosecond +
      static_cast<uint64_t>(rotated.st_mtim.tv_nsec);
  return time ^ (static_cast<uint64_t>(rotated.st_ino) * 0x9e3779b97f4a7c15);
}

}  // namespace

RotatedOutput ExamineRotatedOutput(const std::string& path) {
  struct stat info;
  if (lstat(RotatedOutputPath(path).c_str(), &info) != 0 ||
      !S_ISREG(info.st_mode)) {
    return {};
  }
  return {.size = info.st_size, .generation = GenerationOf(info)};
}

absl::StatusOr<base::UniqueFd> OpenOutputFile(const std::string& path) {
  // O_NONBLOCK: a program of our user could have put a FIFO there.
  base::UniqueFd fd(
      open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.valid() && errno != ENOENT) {
    return OutputFileError(errno, path, "can't be opened");
  }
  return fd;
}

absl::StatusOr<int64_t> SizeOfOutputFile(const base::UniqueFd& fd,
                                         const std::string& path) {
  if (!fd.valid()) return 0;
  struct stat info;
  if (fstat(fd.get(), &info) != 0) {
    return OutputFileError(errno, path, "can't be examined");
  }
  if (!S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat("output file \"", path, "\" is not a regular file"));
  }
  return info.st_size;
}

absl::StatusOr<std::string> ReadOutputFile(const base::UniqueFd& fd,
                                           const std::string& path,
                                           int64_t begin, int64_t max_bytes) {
  std::string bytes(static_cast<size_t>(max_bytes), '\0');
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got =
        pread(fd.get(), bytes.data() + filled, bytes.size() - filled,
              begin + static_cast<int64_t>(filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return OutputFileError(errno, path, "can't be read");
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

absl::StatusOr<OutputFiles> OutputFiles::Open(const std::string& path) {
  OutputFiles output;
  const std::string paths[] = {RotatedOutputPath(path), path};
  for (size_t i = 0; i < output.parts_.size(); ++i) {
    Part& part = output.parts_[i];
    part.path = paths[i];
    absl::StatusOr<base::UniqueFd> fd = OpenOutputFile(part.path);
    if (!fd.ok()) return fd.status();
    part.fd = *std::move(fd);
    absl::StatusOr<int64_t> size = SizeOfOutputFile(part.fd, part.path);
    if (!size.ok()) return size.status();
    part.size = *size;
  }
  return output;
}

absl::StatusOr<std::string> OutputFiles::Read(int64_t begin,
                                              int64_t end) const {
  std::string bytes;
  int64_t part_begin = 0;
  for (const Part& part : parts_) {
    const int64_t at = std::max(begin, part_begin) - part_begin;
    const int64_t until = std::min(end - part_begin, part.size);
    if (at < until) {
      absl::StatusOr<std::string> read =
          ReadOutputFile(part.fd, part.path, at, until - at);
      if (!read.ok()) return read;
      // The common case needs no copy.
      if (bytes.empty()) {
        bytes = *std::move(read);
      } else {
        bytes += *read;
      }
    }
    part_begin += part.size;
  }
  return bytes;
}

}  // namespace tallyman::stacks
