#include "tools/bench/proc_floor.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"

namespace tallyman::bench {
namespace {

constexpr size_t kEntriesSize = size_t{1} << 16;
constexpr size_t kFileSize = size_t{1} << 14;
// The number of processes that a thread takes at a time.
constexpr size_t kBatch = 32;

constexpr size_t kMaxNameSize = 15;

// "PID/name", with a NUL at its end.
class Path {
 public:
  explicit Path(pid_t pid) {
    end_ = std::to_chars(text_.data(), text_.data() + 11, pid).ptr;
    *end_++ = '/';
  }
  const char* To(const std::string& name) {
    std::memcpy(end_, name.c_str(), name.size() + 1);
    return text_.data();
  }

 private:
  std::array<char, 32> text_;
  char* end_;
};

int OpenAt(int directory, const char* path) {
  return static_cast<int>(
      syscall(SYS_openat, directory, path, O_RDONLY | O_CLOEXEC, 0));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ProcFloor>> ProcFloor::Create(Files files,
                                                             int threads,
                                                             Names names) {
  if (names.size() > kMaxFiles ||
      absl::c_any_of(names, [](const std::string& name) {
        return name.size() > kMaxNameSize;
      })) {
    return absl::InvalidArgumentError("too many names of files, or too long");
  }
  base::UniqueFd proc(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!proc.valid()) return absl::ErrnoToStatus(errno, "opening \"/proc\"");
  return absl::WrapUnique(new ProcFloor(
      std::move(proc), files, std::max(threads, 1), std::move(names)));
}

ProcFloor::ProcFloor(base::UniqueFd proc, Files files, int threads, Names names)
    : proc_(std::move(proc)),
      files_(files),
      threads_(threads),
      names_(std::move(names)),
      entries_(kEntriesSize) {}

absl::StatusOr<size_t> ProcFloor::Walk() {
  if (!ListPids()) return absl::ErrnoToStatus(errno, "reading \"/proc\"");
  if (files_ == Files::kKept && !UpdateKept()) {
    return absl::ResourceExhaustedError(
        "not enough descriptors to keep three per process (ulimit -n)");
  }
  next_.store(0);
  std::vector<std::thread> others;
  others.reserve(static_cast<size_t>(threads_));
  for (int i = 1; i < threads_; ++i)
    others.emplace_back([this] { ReadSome(); });
  ReadSome();
  for (std::thread& other : others) other.join();
  return pids_.size();
}

bool ProcFloor::ListPids() {
  // linux_dirent64 of getdents64(2): inode and offset, 8 bytes each, the length
  // of the entry, its type, its name.
  constexpr size_t kLengthAt = 16;
  constexpr size_t kNameAt = 19;
  pids_.clear();
  lseek(proc_.get(), 0, SEEK_SET);
  while (true) {
    const auto got =
        syscall(SYS_getdents64, proc_.get(), entries_.data(), entries_.size());
    if (got < 0) return false;
    if (got == 0) return true;
    const char* entry = entries_.data();
    const char* const end = entry + got;
    while (entry < end) {
      uint16_t length = 0;
      std::memcpy(&length, entry + kLengthAt, sizeof(length));
      const char* const name = entry + kNameAt;
      entry += length;
      if (*name < '1' || *name > '9') continue;
      pid_t pid = 0;
      std::from_chars(name, entry, pid);
      pids_.push_back(pid);
    }
  }
}

bool ProcFloor::UpdateKept() {
  const bool same =
      std::equal(kept_.begin(), kept_.end(), pids_.begin(), pids_.end(),
                 [](const Kept& kept, pid_t pid) { return kept.pid == pid; });
  if (same) return true;
  std::vector<Kept> now;
  now.reserve(pids_.size());
  auto old = kept_.begin();
  for (const pid_t pid : pids_) {
    while (old != kept_.end() && old->pid < pid) ++old;
    if (old != kept_.end() && old->pid == pid) {
      now.push_back(std::move(*old));
      continue;
    }
    Kept& added = now.emplace_back();
    added.pid = pid;
    Path path(pid);
    for (size_t i = 0; i < names_.size(); ++i) {
      added.files[i] = base::UniqueFd(OpenAt(proc_.get(), path.To(names_[i])));
      if (!added.files[i].valid() && (errno == EMFILE || errno == ENFILE)) {
        kept_.clear();
        return false;
      }
    }
  }
  kept_ = std::move(now);
  return true;
}

void ProcFloor::ReadSome() {
  std::array<char, kFileSize> buffer;
  while (true) {
    const size_t begin = next_.fetch_add(kBatch);
    if (begin >= pids_.size()) return;
    const size_t end = std::min(begin + kBatch, pids_.size());
    for (size_t i = begin; i < end; ++i) {
      if (files_ == Files::kOpened) {
        ReadOpened(pids_[i], buffer.data());
        continue;
      }
      for (const base::UniqueFd& file : kept_[i].files) {
        if (!file.valid()) continue;  // Not allowed, or no such name.
        syscall(SYS_pread64, file.get(), buffer.data(), buffer.size(), 0);
      }
    }
  }
}

void ProcFloor::ReadOpened(pid_t pid, char* buffer) const {
  Path path(pid);
  for (const std::string& name : names_) {
    const int file = OpenAt(proc_.get(), path.To(name));
    if (file < 0) continue;  // The process is gone, or not allowed.
    syscall(SYS_read, file, buffer, kFileSize);
    syscall(SYS_close, file);
  }
}

}  // namespace tallyman::bench
