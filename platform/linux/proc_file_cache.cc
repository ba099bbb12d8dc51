#include "platform/linux/proc_file_cache.h"

#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace tallyman::platform {

void ProcFileCache::Align(const std::vector<int32_t>& pids) {
  if (pids == pids_) return;
  std::vector<CachedFiles> entries(pids.size());
  size_t old = 0;
  for (size_t i = 0; i < pids.size(); ++i) {
    for (; old < pids_.size() && pids_[old] < pids[i]; ++old) {
      Evict(entries_[old]);
    }
    if (old < pids_.size() && pids_[old] == pids[i]) {
      entries[i] = entries_[old++];
    }
  }
  for (; old < pids_.size(); ++old) Evict(entries_[old]);
  entries_ = std::move(entries);
  pids_ = pids;
}

bool ProcFileCache::Add(ProcFile file, int fd, CachedFiles& entry) {
  if (fd >= limits_.fd_limit) return false;
  if (size_.fetch_add(1, std::memory_order_relaxed) >= limits_.max_files) {
    size_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  entry.fds[static_cast<size_t>(file)] = fd;
  entry.has_any = true;
  return true;
}

void ProcFileCache::Evict(CachedFiles& entry) {
  if (!entry.has_any) return;
  for (const int fd : entry.fds) {
    if (fd < 0) continue;
    close(fd);
    size_.fetch_sub(1, std::memory_order_relaxed);
  }
  entry = CachedFiles();
}

bool ProcFileCache::Clear() {
  const bool has_any = size() > 0;
  for (CachedFiles& entry : entries_) Evict(entry);
  entries_ = {};
  pids_ = {};
  return has_any;
}

}  // namespace tallyman::platform
