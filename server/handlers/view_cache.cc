#include "server/handlers/view_cache.h"

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "server/handlers/stack_requests.h"

namespace tallyman::server {
namespace {

// What an entry costs besides its texts.
constexpr size_t kEntryBytes = 256;

}  // namespace

bool ViewCache::IsOf(const StackView& view) const {
  return view.registry == view_.registry && view.status == view_.status;
}

std::optional<CachedBody> ViewCache::Find(const StackView& view,
                                          std::string_view key) const {
  const absl::ReaderMutexLock lock(&mutex_);
  if (!IsOf(view)) return std::nullopt;
  const auto found = bodies_.find(key);
  if (found == bodies_.end()) return std::nullopt;
  return found->second;
}

void ViewCache::Keep(const StackView& view, std::string_view key,
                     const CachedBody& body) {
  const size_t size = key.size() + body.body->capacity() + kEntryBytes;
  if (size > kMaxBytes) return;
  // Freed after the lock.
  absl::flat_hash_map<std::string, CachedBody> old;
  StackView old_view;
  const absl::MutexLock lock(&mutex_);
  if (!IsOf(view)) {
    old_view = std::exchange(view_, view);
    bodies_.swap(old);
    bytes_ = 0;
  } else if (bytes_ + size > kMaxBytes) {
    bodies_.swap(old);
    bytes_ = 0;
  }
  if (bodies_.try_emplace(key, body).second) bytes_ += size;
}

}  // namespace tallyman::server
