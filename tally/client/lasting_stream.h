// A stream of server-sent events that outlives its connections.
//
//   const absl::Status status = FollowStream(
//       api, {.path = "/events"}, "", on_event,
//       [&](const absl::Status& reason) { out.Warn(reason.message()); });

#ifndef TALLYMAN_TALLY_CLIENT_LASTING_STREAM_H_
#define TALLYMAN_TALLY_CLIENT_LASTING_STREAM_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "tally/client/api.h"
#include "tally/client/event_parser.h"

namespace tallyman::tally {

// Reads the stream until `on_event` returns false: OK. A connection that is
// lost, and a server that has too many requests, cost nothing but time:
// `on_lost` hears the reason, and the stream goes on after the last event, as
// soon as the server answers, however long that takes. `last_event_id`: "" for
// a stream from its beginning.
//
// Other errors end it, and so does a first connection that fails: as
// Api::Stream(). Cancelled after api.Stop() or an interrupt (interrupt.h).
absl::Status FollowStream(
    Api& api, const ApiRequest& request, std::string last_event_id,
    const std::function<bool(const StreamEvent& event)>& on_event,
    const std::function<void(const absl::Status& reason)>& on_lost);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_CLIENT_LASTING_STREAM_H_
