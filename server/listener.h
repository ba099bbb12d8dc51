// An address to listen on: how it is written, and why it can't be had.

#ifndef TALLYMAN_SERVER_LISTEN_ADDRESS_H_
#define TALLYMAN_SERVER_LISTEN_ADDRESS_H_

#include <string>

#include "absl/status/status.h"

namespace tallyman::server {

// "http://127.0.0.1:8880", "http://[::1]:8880".
std::string UrlOf(const std::string& host, int port);

// Why no address of `host` and `port` can be bound, found out by trying; OK if
// one can. AlreadyExists if it is in use.
absl::Status BindError(const std::string& host, int port);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_LISTEN_ADDRESS_H_
