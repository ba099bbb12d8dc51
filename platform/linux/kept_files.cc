#include "platform/linux/kept_files.h"

#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace tallyman::platform {

void KeptFileTable::Align(const std::vector<int32_t>& pids) {
  if (pids == pids_) return;
  std::vector<KeptFiles> files(pids.size());
  size_t old = 0;
  for (size_t i = 0; i < pids.size(); ++i) {
    for (; old < pids_.size() && pids_[old] < pids[i]; ++old) {
      Close(files_[old]);
    }
    if (old < pids_.size() && pids_[old] == pids[i]) files[i] = files_[old++];
  }
  for (; old < pids_.size(); ++old) Close(files_[old]);
  files_ = std::move(files);
  pids_ = pids;
}

bool KeptFileTable::Keep(ProcFile file, int fd, KeptFiles& files) {
  if (fd >= limits_.below) return false;
  if (size_.fetch_add(1, std::memory_order_relaxed) >= limits_.at_most) {
    size_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  files.fds[static_cast<size_t>(file)] = fd;
  files.has_any = true;
  return true;
}

void KeptFileTable::Close(KeptFiles& files) {
  if (!files.has_any) return;
  for (const int fd : files.fds) {
    if (fd < 0) continue;
    close(fd);
    size_.fetch_sub(1, std::memory_order_relaxed);
  }
  files = KeptFiles();
}

bool KeptFileTable::CloseAll() {
  const bool has_any = size() > 0;
  for (KeptFiles& files : files_) Close(files);
  // Their memory as well.
  files_ = {};
  pids_ = {};
  return has_any;
}

}  // namespace tallyman::platform
