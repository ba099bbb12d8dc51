// Limits on the requests that a token may make in an hour and in a day.
//
//   RateDecision decision = limiter.Admit(token);
//   headers.Limit(decision.limit, decision.remaining, decision.reset);
//   if (!decision.allowed) return TooManyRequests(decision.retry_after);
//
// Windows are fixed: the hours and the days of Unix time, which are those of
// UTC. A token may use up a whole limit right before a boundary and another
// one right after it.

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

// What became of a request. The numbers describe the window that is the
// tighter one: with fewer requests remaining, of two equals the one that ends
// later. So after a refusal it is the one that refuses longest.
struct RateDecision {
  bool allowed = false;
  int64_t limit = 0;      // requests in the whole window
  int64_t remaining = 0;  // after this one; 0 on a refusal
  // The end of the window, in whole seconds.
  absl::Time reset = absl::UnixEpoch();
  // Time from now to `reset` on a refusal, else zero. To be rounded up where
  // whole seconds are shown.
  absl::Duration retry_after = absl::ZeroDuration();
};

struct RateLimiterOptions {
  // Changed counts are written at most this often. A crash forgets the requests
  // of about this time; an orderly end forgets none.
  absl::Duration write_interval = absl::Seconds(1);

  // Told of a background write that failed, from the writing thread. The counts
  // stay in memory and are written with the next change. May be empty.
  std::function<void(const absl::Status&)> on_write_error;
};

// Counts requests in memory, without a lock that one request would hold while
// another waits, and writes the counts behind to a CountStore.
//
// When the clock jumps back by up to one window, counting goes on in the window
// that was reached, so nobody gets a limit twice; the windows then end later
// than they should. When it jumps back further the later time is taken for the
// mistake, and the windows of the new time start empty.
//
// Refused requests don't count. Thread-safe.
class RateLimiter {
 public:
  // Starts with the counts in `store`. `store` and `clock` have to outlive the
  // limiter.
  static absl::StatusOr<std::unique_ptr<RateLimiter>> Create(
      CountStore& store, const Clock& clock, const RateLimiterOptions& options);

  // Writes what has changed and stops the writer.
  ~RateLimiter();

  // Counts one request of `token`, unless a limit is reached.
  RateDecision Admit(const Token& token);

  // Writes what has changed now. For an orderly end that wants to know whether
  // it worked; the destructor does it as well. Counts that couldn't be written
  // are tried again next time.
  absl::Status Flush() ABSL_LOCKS_EXCLUDED(flush_mutex_);

 private:
  // A window and its count in one word: which window in the upper half, the
  // requests in it in the lower.
  using Word = std::atomic<uint64_t>;
  struct Counter {
    Word hour = 0;
    Word day = 0;
    std::atomic<bool> dirty = false;  // changed since it was last written
  };
  struct alignas(64) Shard {  // a cache line of its own
    absl::Mutex mutex;
    absl::node_hash_map<int64_t, Counter> counters ABSL_GUARDED_BY(mutex);
  };
  static constexpr size_t kShards = 16;

  RateLimiter(CountStore& store, const Clock& clock,
              const RateLimiterOptions& options);

  Shard& ShardOf(int64_t token_id) {
    return shards_[static_cast<uint64_t>(token_id) % kShards];
  }
  static RateDecision Count(Counter& counter, const Token& token,
                            absl::Time now);
  void DropOld(int64_t day);

  CountStore& store_;
  const Clock& clock_;
  const RateLimiterOptions options_;
  std::array<Shard, kShards> shards_;
  absl::Mutex flush_mutex_;
  int64_t dropped_on_day_ ABSL_GUARDED_BY(flush_mutex_) = 0;
  // Last: its thread uses the above.
  std::optional<base::WriteBehind> writer_;
};

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_RATE_LIMITER_H_
