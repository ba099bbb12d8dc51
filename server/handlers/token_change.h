// The changes of tokens that requests make.

#ifndef TALLYMAN_SERVER_HANDLERS_TOKEN_CHANGE_H_
#define TALLYMAN_SERVER_HANDLERS_TOKEN_CHANGE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "auth/token.h"

namespace tallyman::server {

// A token that a request has created or revoked.
struct TokenChange {
  enum class Kind : uint8_t { kCreated, kRevoked };
  Kind kind = Kind::kCreated;
  auth::Token token;
  // The name of the request's token or, where it has none, of its OAuth client.
  std::string user;
};

// Called after the change is durable, from any thread. May be empty.
using OnTokenChange = std::function<void(const TokenChange&)>;

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_TOKEN_CHANGE_H_
