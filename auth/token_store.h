// Keeps tokens. An interface, so that one machine can keep them in its SQLite
// file (auth/sqlite_token_store.h) and several machines can share them.
//
// Example: auth/authenticator_example_test.cc

#ifndef TALLYMAN_AUTH_TOKEN_STORE_H_
#define TALLYMAN_AUTH_TOKEN_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "auth/secret.h"
#include "auth/token.h"

namespace tallyman::auth {

// A new token and its value, which is available only here.
struct NewToken {
  Token token;
  Secret value;
};

// A token and its hash. Stays within this package.
struct TokenRecord {
  Token token;
  TokenHash hash;
};

// All tokens at one moment.
struct TokenSnapshot {
  // Grows with each change: of two snapshots, the greater one is newer.
  int64_t revision = 0;
  // By id, ascending; includes revoked and expired tokens. Never null.
  std::vector<std::shared_ptr<const TokenRecord>> records;
};

// Keeps a watcher registered. The destructor waits for a running call; there
// are no calls after it. Must not outlive its store.
class TokenWatch {
 public:
  virtual ~TokenWatch() = default;
};

// Thread-safe. Failures of the underlying storage have the codes kUnavailable,
// kDataLoss or kInternal; then nothing has changed.
class TokenStore {
 public:
  virtual ~TokenStore() = default;

  // Creates a token. kInvalidArgument names the invalid field of `spec` (see
  // Validate()); kFailedPrecondition if there are too many tokens.
  //
  // A token for an OAuth client first removes all tokens of OAuth clients that
  // are no longer valid, and replaces the client's oldest token if it has as
  // many as it may have.
  virtual absl::StatusOr<NewToken> Create(const TokenSpec& spec) = 0;

  // All tokens by id, ascending; includes revoked and expired ones.
  virtual absl::StatusOr<std::vector<Token>> List() = 0;

  // Revokes a token and returns its new state. An already revoked token stays
  // as it is. kNotFound if the id is unknown; kFailedPrecondition if it is the
  // last valid token with the admin scope: without one, no token can be
  // created. Tokens of OAuth clients do not count for this and can always be
  // revoked.
  virtual absl::StatusOr<Token> Revoke(int64_t id) = 0;

  // Revokes all valid tokens that were issued to this OAuth client, at once,
  // and returns their new states, by id.
  virtual absl::StatusOr<std::vector<Token>> RevokeTokensOfClient(
      int64_t client_id) = 0;

  // Called with the present tokens and then after every change, one call at a
  // time, in the order of the revisions; one call may stand for several
  // changes. Functions that change tokens return after the call for their
  // change: from then on a revoked token is refused. Must be quick and must not
  // call the store.
  using Watcher = std::function<void(const TokenSnapshot&)>;

  // Registers `watcher` and makes its first call before it returns.
  virtual absl::StatusOr<std::unique_ptr<TokenWatch>> Watch(
      Watcher watcher) = 0;
};

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_TOKEN_STORE_H_
