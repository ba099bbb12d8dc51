// Parts of every stream of server-sent events (WHATWG HTML standard, section
// 9.2). Each function appends to a string.

#ifndef TALLYMAN_API_HTTP_SERVER_SENT_EVENTS_H_
#define TALLYMAN_API_HTTP_SERVER_SENT_EVENTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tallyman::api {

inline constexpr std::string_view kEventStreamType = "text/event-stream";

// The first bytes of a stream: how long a client waits before it reconnects,
// and the id that it sends then, if it is known.
void AppendStreamBegin(std::optional<int64_t> id, std::string& out);

// A comment, so that proxies do not take the connection for dead; with the id
// that the client is to send when it reconnects, if it has changed.
void AppendStreamKeepAlive(std::optional<int64_t> id, std::string& out);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HTTP_SERVER_SENT_EVENTS_H_
