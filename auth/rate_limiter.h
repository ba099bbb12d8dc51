// Limits on the requests that a token, or all tokens of an OAuth client
// together, may make in an hour and in a day.
//
// Windows are fixed: hours and days of Unix time, which are those of UTC. A
// token may use up a limit right before a boundary and again right after it.
//
// Example: auth/rate_limiter_example_test.cc

#ifndef TALLYMAN_AUTH_RATE_LIMITER_H_
#define TALLYMAN_AUTH_RATE_LIMITER_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/container/node_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "auth/clock.h"
#include "auth/count_store.h"
#include "auth/token.h"
#include "platform/base/write_behind.h"

namespace tallyman::auth {

// The decision on one request. The numbers describe the tighter of the two
// windows: the one with fewer requests remaining; if equal, the one that ends
// later. So after a refusal it is the window that refuses longest.
struct RateDecision {
  bool allowed = false;
  int64_t limit = 0;      // Requests in the window.
  int64_t remaining = 0;  // After this request; 0 on a refusal.
  // The end of the window, in whole seconds.
  absl::Time reset = absl::UnixEpoch();
  // Time from now to `reset` on a refusal, else zero. Round it up to show whole
  // seconds.
  absl::Duration retry_after = absl::ZeroDuration();
};

struct RateLimiterOptions {
  // Shortest time between two background writes. A crash loses the counts of
  // about this time; an orderly end loses none.
  absl::Duration write_interval = absl::Seconds(1);

  // Called on the writing thread after a background write has failed. The
  // counts stay in memory and are written with the next change. May be empty.
  std::function<void(const absl::Status&)> on_write_error;
};

// Counts requests in memory and writes the counts behind to a CountStore. The
// requests of known tokens do not wait for each other.
//
// If the clock jumps back by up to one window, counting continues in the window
// already reached, so a token does not get its limit twice; that window then
// ends late. If the clock jumps back further, the later time was the mistake,
// and the windows of the new time start empty.
//
// Refused requests do not count. Thread-safe.
class RateLimiter {
 public:
  // Starts with the counts in `store`. `store` and `clock` must outlive the
  // limiter. Errors are those of CountStore::LoadCounts().
  static absl::StatusOr<std::unique_ptr<RateLimiter>> Create(
      CountStore& store, const Clock& clock, const RateLimiterOptions& options);

  // Writes the changed counts and stops the writer.
  ~RateLimiter();

  // Counts one request against `quota`, unless a limit is reached.
  RateDecision Admit(const Quota& quota);
  RateDecision Admit(const Token& token) { return Admit(QuotaOf(token)); }

  // Writes the changed counts now and returns the error; the destructor writes
  // them too. Counts that could not be written are written next time.
  absl::Status Flush() ABSL_LOCKS_EXCLUDED(flush_mutex_);

 private:
  // A window and its count in one word: the index of the window in the upper
  // half, the number of requests in the lower half.
  using Word = std::atomic<uint64_t>;
  struct Counter {
    Word hour = 0;
    Word day = 0;
    std::atomic<bool> dirty = false;  // Changed since the last write.
  };
  struct alignas(64) Shard {  // Own cache line: no false sharing.
    absl::Mutex mutex;
    absl::node_hash_map<int64_t, Counter> counters ABSL_GUARDED_BY(mutex);
  };
  static constexpr size_t kShards = 16;

  RateLimiter(CountStore& store, const Clock& clock,
              const RateLimiterOptions& options);

  Shard& ShardOf(int64_t owner) {
    return shards_[static_cast<uint64_t>(owner) % kShards];
  }
  static RateDecision Count(Counter& counter, const Quota& quota,
                            absl::Time now);
  void DropOld(int64_t day);

  CountStore& store_;
  const Clock& clock_;
  const RateLimiterOptions options_;
  std::array<Shard, kShards> shards_;
  absl::Mutex flush_mutex_;
  int64_t dropped_on_day_ ABSL_GUARDED_BY(flush_mutex_) = 0;
  // Last: its thread uses the members above.
  std::optional<base::WriteBehind> writer_;
};

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_RATE_LIMITER_H_
