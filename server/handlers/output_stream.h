// Answers with a stream of the output of a process:
// /stacks/{uid}/processes/{name}/logs?follow=1.

#ifndef TALLYMAN_SERVER_HANDLERS_OUTPUT_STREAM_H_
#define TALLYMAN_SERVER_HANDLERS_OUTPUT_STREAM_H_

#include "absl/status/statusor.h"
#include "api/http/http.h"
#include "api/http/params.h"
#include "api/stacks/output_query.h"
#include "server/handlers/output_find.h"
#include "server/handlers/stack_services.h"
#include "server/routing/router.h"
#include "stacks/output/process_output.h"

namespace tallyman::server {

// The parameter `follow`: 1 or true, 0 or false; false if it is absent.
// InvalidArgument for other values, and for parameters of pages beside it.
absl::StatusOr<bool> ParseFollow(const api::Params& params);

// A response whose body is the stream of `follow`, after the event that the
// header Last-Event-ID names, or from the time of `query` on. It has only the
// lines that match `query`. To HEAD, its headers only.
HandlerResult StreamOutput(const StackServices& services,
                           const OutputSource& source,
                           const api::OutputQuery& query,
                           stacks::FollowRequest follow,
                           const api::Request& request);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_OUTPUT_STREAM_H_
