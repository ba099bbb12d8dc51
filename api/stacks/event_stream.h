// A stream of the audit log as server-sent events (WHATWG HTML standard,
// section 9.2):
//
//   event: started
//   id: 42
//   data: {"id":42,"time":"2016-01-01T19:08:05Z","event":"started",...}
//
// Each function appends to a string. What begins a stream and keeps it alive:
// api/http/server_sent_events.h.

#ifndef TALLYMAN_API_STACKS_EVENT_STREAM_H_
#define TALLYMAN_API_STACKS_EVENT_STREAM_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "api/description/schema.h"
#include "api/redaction/redaction.h"
#include "stacks/model/event.h"

namespace tallyman::api {

// A stream of the events below.
extern const Schema kEventStreamSchema;

// `data` is as WriteEvent() writes it.
void AppendStreamEvent(const stacks::Event& event, const Redactor& redactor,
                       std::string& out);

// Events with ids from `from` to `to` may be missing here.
void AppendStreamGap(int64_t from, int64_t to, std::string_view reason,
                     std::string& out);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_EVENT_STREAM_H_
