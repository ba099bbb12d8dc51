#include "platform/linux/proc_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/unique_fd.h"
#include "platform/linux/proc_text.h"

namespace tallyman::platform {
namespace {

// A status file has about 1.5 KiB; longer command lines are rare.
constexpr size_t kInitialCapacity = size_t{8} << 10;

// pread(2) as a plain system call: pread() is a cancellation point
// (pthreads(7)), which costs time at each call in a program with threads.
ssize_t ReadAt(int fd, char* to, size_t size, size_t offset) {
  if constexpr (sizeof(void*) == sizeof(off64_t)) {
    return syscall(SYS_pread64, fd, to, size, offset);
  } else {
    return pread64(fd, to, size, static_cast<off64_t>(offset));
  }
}

}  // namespace

ReadBuffer::ReadBuffer()
    : data_(new char[kInitialCapacity]), capacity_(kInitialCapacity) {}

void ReadBuffer::Grow() {
  std::unique_ptr<char[]> larger(new char[capacity_ * 2]);
  std::memcpy(larger.get(), data_.get(), size_);
  data_ = std::move(larger);
  capacity_ *= 2;
}

int ReadBuffer::ReadFile(int dir_fd, const char* name) {
  const base::UniqueFd file(openat(dir_fd, name, O_RDONLY | O_CLOEXEC));
  return file.valid() ? ReadFrom(file.get()) : errno;
}

int ReadBuffer::ReadFrom(int fd) {
  size_ = 0;
  while (true) {
    if (size_ == kMaxBytes) return 0;
    if (size_ == capacity_) Grow();
    const ssize_t got =
        ReadAt(fd, data_.get() + size_, capacity_ - size_, size_);
    if (got < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    size_ += static_cast<size_t>(got);
    // proc fills the buffer up to the end of the file (each file that is read
    // here is one record), so a short read is the end.
    if (size_ < capacity_) return 0;
  }
}

bool IsExhaustion(int error) {
  return error == EMFILE || error == ENFILE || error == ENOMEM;
}

absl::Status ListingError(int error) {
  const absl::Status status =
      absl::ErrnoToStatus(error, "cannot list processes");
  if (!IsExhaustion(error)) return absl::InternalError(status.message());
  return absl::UnavailableError(absl::StrCat(
      status.message(), "; raise the limit on open files (ulimit -n)"));
}

absl::StatusOr<std::vector<int32_t>> ReadPids(int proc_fd, size_t enough) {
  // Its own descriptor, since concurrent calls must not share an offset.
  const base::UniqueFd dir(
      openat(proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir.valid()) {
    return ListingError(errno);
  }
  std::vector<int32_t> pids;
  alignas(dirent64) std::array<char, size_t{32} << 10> buffer;
  // Each entry costs the kernel a lookup of its process, so ask for no more
  // entries than necessary. An entry has about 32 bytes, and /proc begins with
  // fewer than 128 other entries.
  constexpr size_t kEntryBytes = 32;
  constexpr size_t kOtherEntries = 128;
  const size_t capacity =
      std::min(buffer.size(),
               (std::min(enough, buffer.size()) + kOtherEntries) * kEntryBytes);
  while (pids.size() < enough) {
    const ssize_t got = getdents64(dir.get(), buffer.data(), capacity);
    if (got < 0) return ListingError(errno);
    if (got == 0) break;
    for (ssize_t at = 0; at < got;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
      if (const std::optional<int32_t> pid = ParsePid(entry->d_name)) {
        pids.push_back(*pid);
      }
      at += entry->d_reclen;
    }
  }
  // proc lists pids in ascending order; a recorded tree may not.
  if (!std::is_sorted(pids.begin(), pids.end())) {
    std::sort(pids.begin(), pids.end());
  }
  return pids;
}

}  // namespace tallyman::platform
