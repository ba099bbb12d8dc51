#include "server/handlers/output_stream.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/description/parameter.h"
#include "api/http/body_stream.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/http/params.h"
#include "api/stacks/output_query.h"
#include "api/stacks/stack_parameters.h"
#include "platform/base/text.h"
#include "server/handlers/filtered_output.h"
#include "server/handlers/output_find.h"
#include "server/handlers/output_renderer.h"
#include "server/handlers/stack_services.h"
#include "server/handlers/stream_response.h"
#include "server/routing/router.h"
#include "stacks/output/output_broadcast.h"
#include "stacks/output/output_hub.h"
#include "stacks/output/output_line.h"
#include "stacks/output/process_output.h"

namespace tallyman::server {
namespace {

class OutputStream final : public api::BodyStream {
 public:
  explicit OutputStream(std::unique_ptr<stacks::OutputFollower> follower)
      : follower_(std::move(follower)) {}

  void Start(std::function<void()> wake) override {
    follower_->Start(std::move(wake));
  }
  State Read(size_t max_bytes, std::string& out) override {
    return follower_->Read(max_bytes, out) ? State::kOpen : State::kEnd;
  }

 private:
  const std::unique_ptr<stacks::OutputFollower> follower_;
};

}  // namespace

absl::StatusOr<bool> ParseFollow(const api::Params& params) {
  const std::string_view value =
      api::Read(params, api::kFollowParameter).value_or("0");
  if (value == "0" || value == "false") return false;
  if (value != "1" && value != "true") {
    return absl::InvalidArgumentError(absl::StrCat(
        "follow: ", base::Quote(value), " is none of 1, true, 0 and false"));
  }
  if (absl::Status valid = CheckNoPage(params); !valid.ok()) return valid;
  return true;
}

HandlerResult StreamOutput(const StackServices& services,
                           const OutputSource& source,
                           const api::OutputQuery& query,
                           stacks::FollowRequest follow,
                           const api::Request& request) {
  api::Response response = StreamResponse(request);
  if (response.stream != nullptr) return response;
  if (const std::string_view id =
          request.Header(api::kLastEventIdParameter.name);
      !id.empty()) {
    // An id of unknown form is an unknown place.
    follow.resume = ParseEventId(id).value_or(stacks::OutputMark());
  }
  follow.matches = MatcherOf(query, services.redactor);
  follow.since = query.since;
  absl::StatusOr<std::unique_ptr<stacks::OutputFollower>> follower =
      services.output_hub.Follow(
          source.stack_uid, source.process, follow,
          std::make_shared<const OutputRenderer>(source.process, source.server,
                                                 services.redactor));
  if (!follower.ok()) {
    return api::ErrorFromStatus(OutputFault(follower.status()));
  }
  if (query.grep == nullptr) {
    response.stream = std::make_unique<OutputStream>(*std::move(follower));
  } else {
    response.stream =
        std::make_unique<FilteredOutput>(*std::move(follower), query.grep);
  }
  return response;
}

}  // namespace tallyman::server
