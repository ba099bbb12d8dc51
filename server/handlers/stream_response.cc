#include "server/handlers/stream_response.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "api/description/parameter.h"
#include "api/http/body_stream.h"
#include "api/http/http.h"
#include "api/http/params.h"
#include "api/http/server_sent_events.h"
#include "api/stacks/stacks_envelope.h"

namespace tallyman::server {
namespace {

// Stands for the stream in the answer to HEAD, which has no body.
class NoStream final : public api::BodyStream {
 public:
  void Start(std::function<void()> /*wake*/) override {}
  State Read(size_t /*max_bytes*/, std::string& /*out*/) override {
    return State::kEnd;
  }
};

}  // namespace

absl::Status CheckNoPage(const api::Params& params, std::string_view what) {
  for (const api::Parameter* const parameter :
       {&api::kPageParameter, &api::kPerPageParameter}) {
    if (api::Read(params, *parameter)) {
      return absl::InvalidArgumentError(absl::StrCat(
          parameter->name, ": ", what, " has no pages; leave it out"));
    }
  }
  return absl::OkStatus();
}

api::Response StreamResponse(const api::Request& request) {
  api::Response response;
  response.content_type = api::kEventStreamType;
  // nginx buffers responses otherwise.
  response.AddHeader("X-Accel-Buffering", "no");
  if (request.method == "HEAD") response.stream = std::make_unique<NoStream>();
  return response;
}

}  // namespace tallyman::server
