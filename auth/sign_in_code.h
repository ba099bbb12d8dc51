// A code that stands in for a token once, soon after the start of the program:
// short-lived, so that it can be part of an address that an operator opens.
//
// Example: auth/session_example_test.cc

#ifndef TALLYMAN_AUTH_SIGN_IN_CODE_H_
#define TALLYMAN_AUTH_SIGN_IN_CODE_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "auth/clock.h"
#include "auth/secret.h"
#include "auth/token.h"

namespace tallyman::auth {

// Only in memory: a restart ends it. Thread-safe.
class SignInCode {
 public:
  // The code works for less than this time, measured with the steady clock.
  static constexpr absl::Duration kLifetime = absl::Minutes(10);

  // A new code for the token with this id. `clock` must outlive it. kInternal
  // if the system's random generator fails.
  static absl::StatusOr<std::unique_ptr<SignInCode>> Create(int64_t token_id,
                                                            const Clock& clock);

  // The code itself, in base64url, to show once; empty after TakeValue().
  Secret TakeValue() ABSL_LOCKS_EXCLUDED(mutex_);

  // The id of the token if `presented` is the code, in time and for the first
  // time. Every other text leaves the code as it is. Compares in constant time.
  std::optional<int64_t> Redeem(const Secret& presented)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  SignInCode(int64_t token_id, const Clock& clock, Secret value);

  const int64_t token_id_;
  const Clock& clock_;
  const absl::Duration made_at_;  // On the steady clock.
  const TokenHash hash_;
  absl::Mutex mutex_;
  Secret value_ ABSL_GUARDED_BY(mutex_);
  bool is_used_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_SIGN_IN_CODE_H_
