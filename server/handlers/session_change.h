// The changes of sessions that requests make.

#ifndef TALLYMAN_SERVER_HANDLERS_SESSION_CHANGE_H_
#define TALLYMAN_SERVER_HANDLERS_SESSION_CHANGE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "auth/session.h"

namespace tallyman::server {

// A session that a request has begun or ended. Those that end with their token
// or by time are not reported.
struct SessionChange {
  enum class Kind : uint8_t { kCreated, kEnded };
  Kind kind = Kind::kCreated;
  auth::Session session;
  std::string user;  // The name of the request's token.
  // For people, a constant: "signed out".
  std::string_view reason;
};

// Called after the change is durable, from any thread. May be empty.
using OnSessionChange = std::function<void(const SessionChange&)>;

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_SESSION_CHANGE_H_
