// Answers with a stream of processes: GET /server/processes?watch=2s.

#ifndef TALLYMAN_SERVER_HANDLERS_PROCESS_STREAM_H_
#define TALLYMAN_SERVER_HANDLERS_PROCESS_STREAM_H_

#include "absl/time/time.h"
#include "api/host/process_query.h"
#include "server/handlers/stream_limits.h"
#include "server/routing/router.h"
#include "server/watch/process_feed.h"

namespace tallyman::server {

// Where streams come from. Both are thread-safe, and must outlive the router.
struct ProcessStreams {
  ProcessFeed& feed;
  StreamLimits& limits;
};

// A response whose body is the stream of `query`, scanned each `interval`; 429
// or 503 above a limit of streams. To HEAD, its headers only.
HandlerResult StreamProcesses(const ProcessStreams& streams,
                              const RequestContext& context,
                              api::ProcessListQuery query,
                              absl::Duration interval);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_PROCESS_STREAM_H_
