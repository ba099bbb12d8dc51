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
#include "auth/session_index.h"
#include "auth/token.h"
#include "auth/token_store.h"

namespace tallyman::auth {

// The holder of a token, or of a session of it, that was valid when the request
// came. Cheap to copy; immutable, so thread-safe. Shares ownership of the token
// and the session, so it may outlive the stores.
class Principal {
 public:
  const Token& token() const { return record_->token; }

  // 0 if the token itself was presented.
  int64_t session_id() const { return session_ ? session_->id() : 0; }

  // What its requests count against.
  Quota quota() const {
    return session_ ? SessionQuotaOf(token()) : QuotaOf(token());
  }

  // OK if the token's scopes allow `needed` (admin includes public); else
  // kPermissionDenied, which names the missing scope.
  absl::Status Authorize(Scope needed) const;

 private:
  friend class Authenticator;
  explicit Principal(std::shared_ptr<const TokenRecord> record,
                     std::shared_ptr<const SessionRecord> session = nullptr)
      : record_(std::move(record)), session_(std::move(session)) {}

  std::shared_ptr<const TokenRecord> record_;
  std::shared_ptr<const SessionRecord> session_;  // Null: the token itself.
};

// Recognises tokens and sessions in memory: a request waits neither for the
// database nor for another request. Watches the store for new and revoked
// tokens. Thread-safe.
class Authenticator {
 public:
  // `store`, `clock` and `sessions`, which may be null, must outlive the
  // authenticator. Errors are those of TokenStore::Watch().
  static absl::StatusOr<std::unique_ptr<Authenticator>> Create(
      TokenStore& store, const Clock& clock, SessionIndex* sessions = nullptr);

  // The holder of the token `presented`. The message of kUnauthenticated says
  // whether the token is missing (empty), unknown, revoked or expired (from the
  // moment of expires_at on); a client that once had a valid token may learn
  // this. No message has any part of `presented`.
  absl::StatusOr<Principal> Authenticate(const Secret& presented) const;

  // The holder of the session with these two values, which is used now.
  // kUnauthenticated as SessionIndex::Use() explains it.
  absl::StatusOr<Principal> AuthenticateSession(const Secret& cookie,
                                                const Secret& key) const;

  // Whether the token of `principal` is still valid: neither revoked nor
  // expired since; and so its session, which this uses again. Cheap.
  bool IsStillValid(const Principal& principal) const;

 private:
  using Index =
      absl::flat_hash_map<TokenHash, std::shared_ptr<const TokenRecord>>;

  Authenticator(const Clock& clock, SessionIndex* sessions)
      : clock_(clock), sessions_(sessions) {}

  void Update(const TokenSnapshot& snapshot) ABSL_LOCKS_EXCLUDED(mutex_);

  const Clock& clock_;
  SessionIndex* const sessions_;  // Null: there are none.
  // Held shared for one lookup, exclusively to swap in a new index.
  mutable absl::Mutex mutex_;
  Index index_ ABSL_GUARDED_BY(mutex_);
  int64_t revision_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<TokenWatch> watch_;  // Last: it calls Update().
};

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_AUTHENTICATOR_H_
