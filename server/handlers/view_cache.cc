#include "server/handlers/view_cache.h"

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "server/handlers/stack_lookup.h"

namespace tallyman::server {
namespace {

// The memory of an entry besides its strings, roughly.
constexpr size_t kEntryBytes = 256;

}  // namespace

bool ViewCache::IsCurrent(const StackSnapshots& snapshots) const {
  return snapshots.registry == snapshots_.registry &&
         snapshots.status == snapshots_.status;
}

std::optional<CachedBody> ViewCache::Find(const StackSnapshots& snapshots,
                                          std::string_view key) const {
  const absl::ReaderMutexLock lock(&mutex_);
  if (!IsCurrent(snapshots)) return std::nullopt;
  const auto found = bodies_.find(key);
  if (found == bodies_.end()) return std::nullopt;
  return found->second;
}

void ViewCache::Put(const StackSnapshots& snapshots, std::string_view key,
                    const CachedBody& body) {
  const size_t size = key.size() + body.body->capacity() + kEntryBytes;
  if (size > kMaxBytes) return;
  // Destroyed after the lock is released.
  absl::flat_hash_map<std::string, CachedBody> old;
  StackSnapshots old_snapshots;
  const absl::MutexLock lock(&mutex_);
  if (!IsCurrent(snapshots)) {
    old_snapshots = std::exchange(snapshots_, snapshots);
    bodies_.swap(old);
    bytes_ = 0;
  } else if (bytes_ + size > kMaxBytes) {
    bodies_.swap(old);
    bytes_ = 0;
  }
  if (bodies_.try_emplace(key, body).second) bytes_ += size;
}

}  // namespace tallyman::server
