// Slows down who keeps presenting bad tokens.
//
//   absl::Duration wait = throttle.RecordFailure(peer_address);
//   if (wait > absl::ZeroDuration()) return TooManyRequests(wait);  // 429
//   return Unauthenticated(...);                                    // 401
//
// Only failures come here. A valid token keeps working from an address whose
// bad ones are throttled: a token has 256 random bits, so guessing is hopeless
// at any speed, while refusing valid ones would let a single misconfigured
// client lock out everybody behind its NAT or on the machine itself. What this
// bounds is the noise, and tells the client to stop.

#ifndef TALLYMAN_AUTH_AUTH_FAILURE_LIMITER_H_
#define TALLYMAN_AUTH_AUTH_FAILURE_LIMITER_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "auth/clock.h"

namespace tallyman::auth {

struct AuthFailureLimiterOptions {
  // Failures in a row that are answered at once; at least 1.
  int64_t burst = 10;

  // After those, one is answered in this time; greater than zero.
  absl::Duration interval = absl::Seconds(1);

  // At most so many addresses are remembered, at least 1; for a further one the
  // address that failed least recently is forgotten. About 150 bytes each.
  size_t max_addresses = 10'000;
};

// One leaky bucket for each address: a failure pours one in, which takes
// `interval` to leak out, and `burst` fit. Elapsed time counts, not the wall
// clock. Thread-safe; the lock is held briefly, and by failures only.
class AuthFailureLimiter {
 public:
  // `clock` has to outlive the throttle.
  AuthFailureLimiter(const Clock& clock,
                     const AuthFailureLimiterOptions& options);

  // Records a failure from `address` and returns how long to wait before the
  // next attempt: zero when the bucket had room for it. One that had to wait
  // doesn't add to the bucket.
  //
  // `address` is an IP address without a port. IPv6 addresses of the same /64,
  // all of which one customer may use, count as one; an IPv4-mapped one counts
  // as the IPv4 address. Any other text stands for itself.
  absl::Duration RecordFailure(std::string_view address)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Bucket {
    std::string key;
    absl::Duration empty_at;  // on the steady clock
  };

  const Clock& clock_;
  const AuthFailureLimiterOptions options_;
  absl::Mutex mutex_;
  // The most recent failure first.
  std::list<Bucket> buckets_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, std::list<Bucket>::iterator> by_key_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_AUTH_FAILURE_LIMITER_H_
