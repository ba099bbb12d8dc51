// Where tokens are kept. An interface, so that one machine keeps them in its
// SQLite file (auth/sqlite_token_store.h) and several can share them.
//
//   absl::StatusOr<NewToken> made =
//       store.Create({.name = "deploy", .scopes = Scope::kAdmin});
//   if (!made.ok()) return made.status();
//   ShowOnce(made->value);

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

// A token that was just made, and its value: the only time that it is there.
struct NewToken {
  Token token;
  Secret value;
};

// A token with what is needed to recognise it. Never leaves this package.
struct TokenRecord {
  Token token;
  TokenHash hash;
};

// All tokens as they were at one moment.
struct TokenSnapshot {
  // Grows with each change; tells which of two snapshots is the newer one.
  int64_t revision = 0;
  // By id, ascending. Revoked and expired ones are among them. Never null.
  std::vector<std::shared_ptr<const TokenRecord>> records;
};

// Keeps a watcher registered. Destroying it waits for a call that is under way;
// afterwards there are no more. Must not outlive its store.
class TokenWatch {
 public:
  virtual ~TokenWatch() = default;
};

// Thread-safe. Failures of what is underneath have the codes kUnavailable,
// kDataLoss or kInternal; then nothing has changed.
class TokenStore {
 public:
  virtual ~TokenStore() = default;

  // Makes a token. kInvalidArgument names the field of `spec` that is wrong
  // (see Validate); kFailedPrecondition when there are too many tokens.
  virtual absl::StatusOr<NewToken> Create(const TokenSpec& spec) = 0;

  // All tokens by id, ascending; revoked and expired ones as well.
  virtual absl::StatusOr<std::vector<Token>> List() = 0;

  // Revokes a token and returns it as it is now. A token that is revoked
  // already stays as it is. kNotFound when there is none with this id;
  // kFailedPrecondition when it is the last valid token with the admin scope,
  // because nobody could make another one.
  virtual absl::StatusOr<Token> Revoke(int64_t id) = 0;

  // Called with what there is now and then after every change, one call at a
  // time, in the order of the revisions; several changes may come as one. A
  // change made through this object has been reported when Create or Revoke
  // returns: a revoked token is refused from then on. It has to be quick and
  // must not call the store.
  using Watcher = std::function<void(const TokenSnapshot&)>;

  // Registers `watcher` and makes its first call before it returns.
  virtual absl::StatusOr<std::unique_ptr<TokenWatch>> Watch(
      Watcher watcher) = 0;
};

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_TOKEN_STORE_H_
