// A stream of the audit log as server-sent events (WHATWG HTML standard,
// section 9.2):
//
//   event: started
//   id: 42
//   data: {"id":42,"time":"2016-01-01T19:08:05Z","event":"started",...}
//
// Each function appends to a string.

#ifndef TALLYMAN_API_STACKS_EVENT_STREAM_H_
#define TALLYMAN_API_STACKS_EVENT_STREAM_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/description/schema.h"
#include "api/redaction/redaction.h"
#include "stacks/model/event.h"

namespace tallyman::api {

// A stream of the events below.
extern const Schema kEventStreamSchema;

// The first bytes of a stream: how long a client waits before it reconnects,
// and the id that it sends then, if it is known.
void AppendStreamBegin(std::optional<int64_t> id, std::string& out);

// `data` is as WriteEvent() writes it.
void AppendStreamEvent(const stacks::Event& event, const Redactor& redactor,
                       std::string& out);

// Events with ids from `from` to `to` may be missing here.
void AppendStreamGap(int64_t from, int64_t to, std::string_view reason,
                     std::string& out);

// A comment, so that proxies do not take the connection for dead; with the id
// that the client is to send when it reconnects, if it has changed.
void AppendStreamKeepAlive(std::optional<int64_t> id, std::string& out);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_EVENT_STREAM_H_
