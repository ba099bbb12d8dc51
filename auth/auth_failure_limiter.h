// Limits how often one address may present bad tokens.
//
// Only failures count. A valid token keeps working from a limited address: a
// token has 256 random bits, so guessing is hopeless at any rate, and refusing
// valid tokens would let one misconfigured client lock out all others behind
// its NAT or on the same machine. The limiter bounds the load and the log, and
// asks the client to wait.
//
// Example: auth/rate_limiter_example_test.cc

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
  // Failures in a row that need not wait; at least 1.
  int64_t burst = 10;

  // After the burst, one failure per interval; greater than zero.
  absl::Duration interval = absl::Seconds(1);

  // Addresses in memory, at least 1, about 150 bytes each. A further one evicts
  // the address that failed least recently.
  size_t max_addresses = 10'000;
};

// One leaky bucket for each address: it holds `burst` failures, and one leaks
// out per `interval`. Measured with the steady clock. Thread-safe; only
// failures take the lock, briefly.
class AuthFailureLimiter {
 public:
  // `clock` must outlive the limiter.
  AuthFailureLimiter(const Clock& clock,
                     const AuthFailureLimiterOptions& options);

  // Records a failure from `address` and returns how long the client has to
  // wait before the next attempt: zero if the bucket had room. A failure
  // without room does not add to the bucket.
  //
  // `address` is an IP address without a port. All IPv6 addresses of a /64
  // count as one address, because one customer may use them all; an IPv4-mapped
  // address counts as the IPv4 address. Any other text is an address of its
  // own.
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
