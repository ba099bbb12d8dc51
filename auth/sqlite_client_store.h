// The OAuth clients of one machine, in its SQLite database, and the tokens that
// they fetch.
//
// Example: auth/oauth_client_example_test.cc

#ifndef TALLYMAN_AUTH_SQLITE_CLIENT_STORE_H_
#define TALLYMAN_AUTH_SQLITE_CLIENT_STORE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "auth/clock.h"
#include "auth/oauth_client.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "auth/token_store.h"
#include "storage/database.h"

namespace tallyman::auth {

struct SqliteClientStoreOptions {
  // Clients in the store. A further one replaces the client that was revoked
  // first; if none is revoked, Create() fails. With max_tokens_per_client of
  // the token store, this bounds the tokens that clients can have.
  size_t max_clients = 100;
};

// A client, and the tokens that ended with it, by id.
struct RevokedClient {
  OAuthClient client;
  std::vector<Token> tokens;
};

// Has all clients in memory too: only changes use the file. Use one object for
// a database. Thread-safe. Failures of the storage have the codes kUnavailable,
// kDataLoss or kInternal.
class SqliteClientStore {
 public:
  // Creates or migrates the table and reads the clients. `db`, `tokens` and
  // `clock` must outlive the store. kDataLoss names a client with an invalid
  // row.
  static absl::StatusOr<std::unique_ptr<SqliteClientStore>> Open(
      storage::Database& db, TokenStore& tokens, const Clock& clock,
      const SqliteClientStoreOptions& options);

  // kInvalidArgument names the invalid field; kFailedPrecondition if there are
  // too many clients.
  absl::StatusOr<NewOAuthClient> Create(const OAuthClientSpec& spec);

  // All clients by id, ascending; includes revoked ones.
  std::vector<OAuthClient> List() const;

  // kNotFound if the id is unknown.
  absl::StatusOr<OAuthClient> Get(int64_t id) const;

  // Revokes a client and all its tokens, and returns their new states. An
  // already revoked client stays as it is and has no tokens. kNotFound if the
  // id is unknown. If the storage fails, the tokens may be revoked and the
  // client not; then the caller repeats it.
  absl::StatusOr<RevokedClient> Revoke(int64_t id);

  // The client with this public name and secret. kUnauthenticated, with one
  // message for all causes, if there is none or it is revoked. Its time does
  // not depend on the secret, nor on whether the client exists.
  absl::StatusOr<OAuthClient> Authenticate(std::string_view public_id,
                                           const Secret& secret) const;

  // A new token of this client, valid for its token_lifetime or up to one
  // second longer. kPermissionDenied if the client may not have one of `scopes`
  // (admin includes public), kInvalidArgument if there is none,
  // kUnauthenticated if the client was revoked meanwhile, kFailedPrecondition
  // if there are too many tokens.
  absl::StatusOr<NewToken> IssueToken(int64_t id, ScopeSet scopes);

 private:
  struct Record {
    OAuthClient client;
    TokenHash secret_hash;
  };
  using Records = std::map<int64_t, Record>;

  SqliteClientStore(storage::Database& db, TokenStore& tokens,
                    const Clock& clock, const SqliteClientStoreOptions& options,
                    Records records);

  storage::Database& db_;
  TokenStore& tokens_;
  const Clock& clock_;
  const SqliteClientStoreOptions options_;

  // Held for a whole change, so that no token is issued while its client is
  // being revoked. Taken before records_mutex_ and the locks of the token
  // store.
  absl::Mutex change_mutex_;
  // Held briefly: a lookup does not wait for the disk. Replacing records needs
  // both locks.
  mutable absl::Mutex records_mutex_;
  Records records_ ABSL_GUARDED_BY(records_mutex_);
};

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_SQLITE_CLIENT_STORE_H_
