// The sessions of one machine, in its SQLite database.
//
// Example: auth/session_example_test.cc

#ifndef TALLYMAN_AUTH_SQLITE_SESSION_STORE_H_
#define TALLYMAN_AUTH_SQLITE_SESSION_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "auth/clock.h"
#include "auth/secret.h"
#include "auth/session.h"
#include "auth/session_index.h"
#include "auth/token_store.h"
#include "platform/base/write_behind.h"
#include "storage/database.h"

namespace tallyman::auth {

struct SqliteSessionStoreOptions {
  SessionLimits limits;
  // Shortest time between two background writes of last uses and of ends by
  // time or token. A crash loses the uses of about this time.
  absl::Duration write_interval = absl::Minutes(1);
  // Called on the writing thread after a background write has failed. What it
  // should have written is written with the next change. May be empty.
  std::function<void(const absl::Status&)> on_write_error;
};

// Keeps only the hashes of the values of sessions, and has all sessions in
// memory too. A session ends when its token is revoked, removed or expires,
// when it is not used or too old (SessionLimits), and by End(). Use one object
// for a database. Thread-safe. Failures of the storage have the codes
// kUnavailable, kDataLoss or kInternal; then nothing has changed.
class SqliteSessionStore {
 public:
  // Creates or migrates the tables and reads the sessions. `db`, `tokens` and
  // `clock` must outlive the store. kDataLoss names a session with an invalid
  // row.
  static absl::StatusOr<std::unique_ptr<SqliteSessionStore>> Open(
      storage::Database& db, TokenStore& tokens, const Clock& clock,
      const SqliteSessionStoreOptions& options);

  // Writes what was not written yet.
  ~SqliteSessionStore();

  // What requests ask. Lives as long as the store.
  SessionIndex& index() { return index_; }

  // Eight hex digits that tell this store from those of other servers on the
  // same machine, whose cookies browsers mix; the same after a restart.
  const std::string& label() const { return label_; }

  // Begins a session of this token. kUnauthenticated if the token is not valid.
  //
  // `cookie` is what the client has, or empty. If a session that has not ended
  // has it, the new one shares it: a browser has one cookie for all its tabs,
  // and a sign-in in one of them must not end the sessions of the others. Else
  // the new session has a cookie of its own.
  absl::StatusOr<NewSession> Create(int64_t token_id,
                                    const SessionOrigin& origin,
                                    Secret cookie = Secret())
      ABSL_LOCKS_EXCLUDED(change_mutex_);

  // The sessions that have not ended, by id; with `token_id` those of this
  // token.
  std::vector<Session> List(std::optional<int64_t> token_id = std::nullopt);

  // Ends a session and returns it as it was. kNotFound if there is none.
  absl::StatusOr<Session> End(int64_t id) ABSL_LOCKS_EXCLUDED(change_mutex_);

  // Ends all sessions of a token, at once, and returns them as they were.
  absl::StatusOr<std::vector<Session>> EndAllOfToken(int64_t token_id)
      ABSL_LOCKS_EXCLUDED(change_mutex_);

  // Writes last uses and ends now, and returns the error.
  absl::Status Flush() ABSL_LOCKS_EXCLUDED(flush_mutex_);

 private:
  using Records = std::vector<std::shared_ptr<const SessionRecord>>;

  SqliteSessionStore(storage::Database& db, const Clock& clock,
                     const SqliteSessionStoreOptions& options);

  absl::Status Load();
  void FlushInBackground();
  // The sessions that a new one of this token replaces.
  Records FindReplaced(int64_t token_id);
  absl::StatusOr<std::vector<Session>> EndAll(const Records& records)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);

  storage::Database& db_;
  const Clock& clock_;
  const SqliteSessionStoreOptions options_;
  SessionIndex index_;
  std::string label_;

  // Held for a whole change, including disk writes.
  absl::Mutex change_mutex_;
  absl::Mutex flush_mutex_;
  // By id: the last use that the database has.
  absl::flat_hash_map<int64_t, int64_t> written_uses_
      ABSL_GUARDED_BY(flush_mutex_);
  // Both use the members above: its thread, and its calls of the index.
  std::optional<base::WriteBehind> writer_;
  std::unique_ptr<TokenWatch> watch_;
};

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_SQLITE_SESSION_STORE_H_
