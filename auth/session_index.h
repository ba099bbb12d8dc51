// The present sessions in memory: decides whether a request's session is valid
// without waiting for the database.
//
// auth/sqlite_session_store.h makes and fills it.
//
// Example: auth/session_example_test.cc

#ifndef TALLYMAN_AUTH_SESSION_INDEX_H_
#define TALLYMAN_AUTH_SESSION_INDEX_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "auth/clock.h"
#include "auth/secret.h"
#include "auth/session.h"
#include "auth/token.h"
#include "auth/token_store.h"

namespace tallyman::auth {

// A session as the index and those who use it share it. Stays within this
// package. Thread-safe.
class SessionRecord {
 public:
  // `session.token` is that of `token`.
  SessionRecord(Session session, std::shared_ptr<const TokenRecord> token,
                const TokenHash& cookie_hash, const TokenHash& key_hash)
      : session_(std::move(session)),
        token_(std::move(token)),
        cookie_hash_(cookie_hash),
        key_hash_(key_hash),
        last_used_(absl::ToUnixSeconds(session_.last_used_at)) {}

  int64_t id() const { return session_.id; }
  const std::shared_ptr<const TokenRecord>& token() const { return token_; }
  const TokenHash& cookie_hash() const { return cookie_hash_; }
  const TokenHash& key_hash() const { return key_hash_; }
  // Seconds of Unix time; never goes back.
  int64_t last_used() const { return last_used_.load(); }

 private:
  friend class SessionIndex;

  const Session session_;  // Except for what changes by use.
  const std::shared_ptr<const TokenRecord> token_;
  const TokenHash cookie_hash_;
  const TokenHash key_hash_;
  mutable std::atomic<int64_t> last_used_;
  mutable std::atomic<bool> has_ended_ = false;
};

// Thread-safe.
class SessionIndex {
 public:
  // `on_change` is called after a session was used in a new second or has
  // ended, from any thread and possibly under locks of this object and of the
  // token store: it must be quick and must not call either. `clock` must
  // outlive the index.
  SessionIndex(const Clock& clock, const SessionLimits& limits,
               std::function<void()> on_change);

  const SessionLimits& limits() const { return limits_; }

  // The session with both values, which is used now. The message of
  // kUnauthenticated says whether it is unknown, has ended, or the values
  // belong to different sessions. No message has any part of them.
  absl::StatusOr<std::shared_ptr<const SessionRecord>> Use(const Secret& cookie,
                                                           const Secret& key)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Uses it again; false if it has ended. Takes no lock.
  bool UseAgain(const SessionRecord& session);

  // Whether a session that has not ended has this cookie.
  bool HasCookie(const Secret& cookie) const ABSL_LOCKS_EXCLUDED(mutex_);

  // Takes over the tokens, and ends the sessions of those that are revoked or
  // gone. Older snapshots have no effect. Quick, as a watcher must be.
  void Update(const TokenSnapshot& tokens) ABSL_LOCKS_EXCLUDED(mutex_);

  // The token with this id if it is valid now, else null.
  std::shared_ptr<const TokenRecord> FindValidToken(int64_t id) const
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Adds a session, unless its token is no longer valid: then false.
  bool Add(std::shared_ptr<SessionRecord> session) ABSL_LOCKS_EXCLUDED(mutex_);

  // Ends these sessions: from then on they are refused.
  void End(const std::vector<std::shared_ptr<const SessionRecord>>& sessions)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Those that have not ended, by id. Forgets the others.
  std::vector<std::shared_ptr<const SessionRecord>> List()
      ABSL_LOCKS_EXCLUDED(mutex_);

  // The ids of sessions that ended since the last call, other than by End().
  std::vector<int64_t> TakeEnded() ABSL_LOCKS_EXCLUDED(mutex_);
  // Makes the next TakeEnded() return these too.
  void ReturnEnded(const std::vector<int64_t>& ids) ABSL_LOCKS_EXCLUDED(mutex_);

  // The session as it is now.
  Session Describe(const SessionRecord& session) const;

 private:
  using Sessions =
      absl::flat_hash_map<TokenHash, std::shared_ptr<SessionRecord>>;

  bool IsActive(const SessionRecord& session, absl::Time now) const;
  void Touch(const SessionRecord& session, absl::Time now);
  std::shared_ptr<const TokenRecord> FindToken(int64_t id) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  const Clock& clock_;
  const SessionLimits limits_;
  const std::function<void()> on_change_;
  mutable absl::Mutex mutex_;
  Sessions by_key_ ABSL_GUARDED_BY(mutex_);
  std::vector<int64_t> ended_ ABSL_GUARDED_BY(mutex_);
  // By id, as in the newest snapshot.
  std::vector<std::shared_ptr<const TokenRecord>> tokens_
      ABSL_GUARDED_BY(mutex_);
  int64_t revision_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_SESSION_INDEX_H_
