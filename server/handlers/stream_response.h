// The response that a stream of server-sent events begins with.

#ifndef TALLYMAN_SERVER_HANDLERS_STREAM_RESPONSE_H_
#define TALLYMAN_SERVER_HANDLERS_STREAM_RESPONSE_H_

#include <string_view>

#include "absl/status/status.h"
#include "api/http/http.h"
#include "api/http/params.h"

namespace tallyman::server {

// InvalidArgument if there are parameters of pages, which `what`, "a stream" or
// "text", lacks.
absl::Status CheckNoPage(const api::Params& params,
                         std::string_view what = "a stream");

// The headers of a stream. To HEAD, with a stream that has no bytes: that is
// the whole answer. Else the caller sets the stream.
api::Response StreamResponse(const api::Request& request);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_STREAM_RESPONSE_H_
