// A cache of the bodies of responses that are rendered from StackSnapshots.
//
//   const StackSnapshots now = CurrentSnapshots(services);
//   if (const auto cached = cache.Find(now, key)) return Respond(*cached);
//   ...
//   cache.Put(now, key, {.body = rendered});

#ifndef TALLYMAN_SERVER_HANDLERS_VIEW_CACHE_H_
#define TALLYMAN_SERVER_HANDLERS_VIEW_CACHE_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "server/handlers/stack_lookup.h"

namespace tallyman::server {

struct CachedBody {
  std::shared_ptr<const std::string> body;
  std::string etag;  // "" if the response has none.
};

// Holds the bodies of one pair of snapshots: the one of the last Put(). The
// cache keeps these snapshots alive, and they are immutable, so an entry is
// never stale. Thread-safe; lookups share a lock.
class ViewCache {
 public:
  // Bounds the memory of all entries. A Put() beyond it clears the cache first.
  static constexpr size_t kMaxBytes = size_t{4} << 20;

  // The body under `key` for exactly these snapshots.
  std::optional<CachedBody> Find(const StackSnapshots& snapshots,
                                 std::string_view key) const
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Adds `body`, which must not be null. `key` must determine everything that
  // the body depends on besides `snapshots`. Ignores a body above kMaxBytes,
  // and a `key` that has a body already.
  void Put(const StackSnapshots& snapshots, std::string_view key,
           const CachedBody& body) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  bool IsCurrent(const StackSnapshots& snapshots) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  StackSnapshots snapshots_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, CachedBody> bodies_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // Of bodies_, roughly.
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_VIEW_CACHE_H_
