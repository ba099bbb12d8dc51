// The tokens of one machine, in its SQLite database.
//
// Example: auth/authenticator_example_test.cc

#ifndef TALLYMAN_AUTH_SQLITE_TOKEN_STORE_H_
#define TALLYMAN_AUTH_SQLITE_TOKEN_STORE_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "auth/clock.h"
#include "auth/token.h"
#include "auth/token_store.h"
#include "storage/database.h"

namespace tallyman::auth {

struct SqliteTokenStoreOptions {
  // Tokens in the store. A further one replaces the token that was revoked or
  // expired first; if all are valid, Create() fails.
  size_t max_tokens = 10'000;
  // Valid tokens of one OAuth client, at least 1. A further one replaces the
  // oldest.
  size_t max_tokens_per_client = 50;
};

// Has all tokens in memory too: List() and Watch() do not read the file. Use
// one object for a database: a second one would not see the changes of the
// first. Thread-safe.
class SqliteTokenStore final : public TokenStore {
 public:
  // Creates or migrates the tables and reads the tokens. `db` and `clock` must
  // outlive the store. kDataLoss names a token with an invalid row.
  static absl::StatusOr<std::unique_ptr<SqliteTokenStore>> Open(
      storage::Database& db, const Clock& clock,
      const SqliteTokenStoreOptions& options);

  absl::StatusOr<NewToken> Create(const TokenSpec& spec) override;
  absl::StatusOr<std::vector<Token>> List() override;
  absl::StatusOr<Token> Revoke(int64_t id) override;
  absl::StatusOr<std::vector<Token>> RevokeTokensOfClient(
      int64_t client_id) override;
  absl::StatusOr<std::unique_ptr<TokenWatch>> Watch(Watcher watcher) override;

 private:
  class Registration;
  using Records = std::vector<std::shared_ptr<const TokenRecord>>;

  SqliteTokenStore(storage::Database& db, const Clock& clock,
                   const SqliteTokenStoreOptions& options, Records records);

  std::shared_ptr<const TokenSnapshot> Current() const
      ABSL_LOCKS_EXCLUDED(snapshot_mutex_);

  // Removes from `records` the tokens that a new one replaces, and returns
  // their ids.
  absl::StatusOr<std::vector<int64_t>> MakeRoom(
      std::optional<int64_t> client_id, absl::Time now, Records& records) const;

  // Makes `records` the new snapshot and calls the watchers.
  void Publish(Records records) ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);

  storage::Database& db_;
  const Clock& clock_;
  const SqliteTokenStoreOptions options_;

  // Held for a whole change, including disk writes and calls of watchers. Taken
  // before snapshot_mutex_.
  absl::Mutex change_mutex_;
  std::list<Watcher> watchers_ ABSL_GUARDED_BY(change_mutex_);

  // Held briefly. Replacing the snapshot needs both locks.
  mutable absl::Mutex snapshot_mutex_;
  std::shared_ptr<const TokenSnapshot> snapshot_
      ABSL_GUARDED_BY(snapshot_mutex_);
};

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_SQLITE_TOKEN_STORE_H_
