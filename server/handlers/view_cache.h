// Bodies of responses that were rendered from a StackView, kept for as long as
// nothing has changed.
//
//   const StackView view = Look(services);
//   if (const auto kept = cache.Find(view, key)) return Answer(*kept);
//   ...
//   cache.Keep(view, key, {.body = rendered});

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
#include "server/handlers/stack_requests.h"

namespace tallyman::server {

struct CachedBody {
  std::shared_ptr<const std::string> body;
  std::string etag;  // "" if it has none.
};

// Holds bodies of one view only, that for which something was kept last. It is
// held as well, and immutable, so nothing can become stale.
// Thread-safe; finding something takes a lock that readers share.
class ViewCache {
 public:
  // More is not kept: all goes, and what comes next is kept again.
  static constexpr size_t kMaxBytes = size_t{4} << 20;

  // What was kept under `key` for this very `view`.
  std::optional<CachedBody> Find(const StackView& view,
                                 std::string_view key) const
      ABSL_LOCKS_EXCLUDED(mutex_);

  // `key` stands for all that `body`, which is not null, depends on besides
  // `view`.
  void Keep(const StackView& view, std::string_view key, const CachedBody& body)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  bool IsOf(const StackView& view) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  StackView view_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, CachedBody> bodies_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // Of bodies_, about.
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_VIEW_CACHE_H_
