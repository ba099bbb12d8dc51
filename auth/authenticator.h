// Who is asking, and may they?
//
//   absl::StatusOr<Principal> who = authenticator.Authenticate(presented);
//   if (!who.ok()) return Unauthenticated(who.status());          // 401
//   RateDecision rate = limiter.Admit(who->token());              // 429
//   if (absl::Status may = who->Authorize(Scope::kAdmin); !may.ok()) {
//     return Forbidden(may);                                      // 403
//   }

#ifndef TALLYMAN_AUTH_AUTHENTICATOR_H_
#define TALLYMAN_AUTH_AUTHENTICATOR_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "auth/clock.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "auth/token_store.h"

namespace tallyman::auth {

// The holder of a token that was valid when the request came. Cheap to copy;
// immutable, so thread-safe. Keeps its token alive, whatever happens to the
// store.
class Principal {
 public:
  const Token& token() const { return record_->token; }

  // OK when the token is good for what needs `needed` (admin includes public);
  // else kPermissionDenied, naming the scope that is missing.
  absl::Status Authorize(Scope needed) const;

 private:
  friend class Authenticator;
  explicit Principal(std::shared_ptr<const TokenRecord> record)
      : record_(std::move(record)) {}

  std::shared_ptr<const TokenRecord> record_;
};

// Recognises tokens in memory: no database and no waiting on the way of a
// request. Learns of new and revoked tokens from the store as they come.
// Thread-safe.
class Authenticator {
 public:
  // `store` and `clock` have to outlive the authenticator. Fails when the store
  // can't say which tokens there are.
  static absl::StatusOr<std::unique_ptr<Authenticator>> Create(
      TokenStore& store, const Clock& clock);

  // The holder of the token `presented`. kUnauthenticated says whether there
  // was none (empty), or it is unknown, was revoked or has expired (at the
  // moment of expires_at it has); who asks with a token that once was valid may
  // know that. No message holds any part of what was presented.
  absl::StatusOr<Principal> Authenticate(const Secret& presented) const;

 private:
  using Index =
      absl::flat_hash_map<TokenHash, std::shared_ptr<const TokenRecord>>;

  explicit Authenticator(const Clock& clock) : clock_(clock) {}

  void Update(const TokenSnapshot& snapshot) ABSL_LOCKS_EXCLUDED(mutex_);

  const Clock& clock_;
  // Readers share it for the time of one lookup, a change of the tokens holds
  // it for the time of a swap.
  mutable absl::Mutex mutex_;
  Index index_ ABSL_GUARDED_BY(mutex_);
  int64_t revision_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<TokenWatch> watch_;  // last: it calls Update
};

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_AUTHENTICATOR_H_
