// A stream of output as server-sent events (WHATWG HTML standard, section 9.2):
//
//   event: output
//   id: 9f…:12:1:0:311
//   data: {"process":"web","server":"host","instance":1,"line":"hello"}
//
// Each function appends one event, or comment, to a string.

#ifndef TALLYMAN_API_STACKS_OUTPUT_EVENT_H_
#define TALLYMAN_API_STACKS_OUTPUT_EVENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "api/description/schema.h"
#include "api/redaction/redaction.h"

namespace tallyman::api {

// A stream of the events below.
extern const Schema kOutputStreamSchema;

// Whose output it is.
struct OutputOrigin {
  std::string_view process;
  std::string_view server;  // Its name.
  int64_t instance = 0;     // 0: null, which is any.
};

struct OutputEvent {
  OutputOrigin origin;
  std::string_view line;
  bool is_partial = false;                 // The next event continues it.
  absl::Time time = absl::InfinitePast();  // When it was seen; or unknown.
  std::string_view id;                     // For the header Last-Event-ID.
};

// `redactor` hides secrets in the line.
void AppendOutputEvent(const OutputEvent& event, const Redactor& redactor,
                       std::string& out);

// The line in the bytes of an event, as AppendOutputEvent() writes them;
// nullopt if it is another event. The view is of `event` or of `buffer`.
std::optional<std::string_view> LineOfOutputEvent(std::string_view event,
                                                  std::string& buffer);

// Lines may be missing here: `lines` of them, or -1 if that is unknown.
void AppendGapEvent(const OutputOrigin& origin, std::string_view reason,
                    int64_t lines, std::string& out);

// The stream ends, and there is nothing to reconnect to.
void AppendEndEvent(const OutputOrigin& origin, std::string_view reason,
                    std::string& out);

// Sets the id that a client sends when it reconnects; dispatches no event.
void AppendEventId(std::string_view id, std::string& out);

// A comment, so that proxies do not take the connection for dead.
void AppendKeepAlive(std::string& out);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_OUTPUT_EVENT_H_
