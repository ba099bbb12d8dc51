// Who asks, and what they may do.
//
// Example: auth/authenticator_example_test.cc

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
// immutable, so thread-safe. Shares ownership of the token, so it may outlive
// the store.
class Principal {
 public:
  const Token& token() const { return record_->token; }

  // OK if the token's scopes allow `needed` (admin includes public); else
  // kPermissionDenied, which names the missing scope.
  absl::Status Authorize(Scope needed) const;

 private:
  friend class Authenticator;
  explicit Principal(std::shared_ptr<const TokenRecord> record)
      : record_(std::move(record)) {}

  std::shared_ptr<const TokenRecord> record_;
};

// Recognises tokens in memory: a request waits neither for the database nor for
// another request. Watches the store for new and revoked tokens. Thread-safe.
class Authenticator {
 public:
  // `store` and `clock` must outlive the authenticator. Errors are those of
  // TokenStore::Watch().
  static absl::StatusOr<std::unique_ptr<Authenticator>> Create(
      TokenStore& store, const Clock& clock);

  // The holder of the token `presented`. The message of kUnauthenticated says
  // whether the token is missing (empty), unknown, revoked or expired (from the
  // moment of expires_at on); a client that once had a valid token may learn
  // this. No message has any part of `presented`.
  absl::StatusOr<Principal> Authenticate(const Secret& presented) const;

  // Whether the token of `principal` is still valid: neither revoked nor
  // expired since. Cheap.
  bool IsStillValid(const Principal& principal) const;

 private:
  using Index =
      absl::flat_hash_map<TokenHash, std::shared_ptr<const TokenRecord>>;

  explicit Authenticator(const Clock& clock) : clock_(clock) {}

  void Update(const TokenSnapshot& snapshot) ABSL_LOCKS_EXCLUDED(mutex_);

  const Clock& clock_;
  // Held shared for one lookup, exclusively to swap in a new index.
  mutable absl::Mutex mutex_;
  Index index_ ABSL_GUARDED_BY(mutex_);
  int64_t revision_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<TokenWatch> watch_;  // Last: it calls Update().
};

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_AUTHENTICATOR_H_
