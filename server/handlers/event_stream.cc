#include "server/handlers/event_stream.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/http/body_stream.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/http/media_type.h"
#include "api/http/server_sent_events.h"
#include "api/stacks/event_query.h"
#include "api/stacks/event_stream.h"
#include "server/handlers/stack_services.h"
#include "server/handlers/stream_limits.h"
#include "server/handlers/stream_response.h"
#include "server/routing/router.h"
#include "stacks/model/event.h"
#include "stacks/registry/event_feed.h"
#include "stacks/registry/event_ring.h"

namespace tallyman::server {
namespace {

using From = stacks::EventStart::From;

class EventStream final : public api::BodyStream {
 public:
  EventStream(std::unique_ptr<stacks::EventFollower> follower,
              StreamLimits::Lease lease)
      : follower_(std::move(follower)), lease_(std::move(lease)) {}

  void Start(std::function<void()> wake) override {
    follower_->Start(std::move(wake));
  }
  State Read(size_t max_bytes, std::string& out) override {
    return follower_->Read(max_bytes, out) ? State::kOpen : State::kEnd;
  }

 private:
  const std::unique_ptr<stacks::EventFollower> follower_;
  const StreamLimits::Lease lease_;
};

stacks::EventStart StartOf(const api::EventQuery& query,
                           const api::Request& request) {
  // A browser that reconnects repeats the query.
  if (const std::string_view last = request.Header(api::kLastEventHeader.name);
      !last.empty()) {
    const std::optional<int64_t> id = api::ParseEventId(last);
    if (!id) return {.from = From::kUnknown};
    return {.from = From::kAfter, .after = *id};
  }
  if (query.is_from_now) return {.from = From::kNow};
  if (query.after) return {.from = From::kAfter, .after = *query.after};
  return {.from = From::kOldest};
}

}  // namespace

void EventStreamRenderer::Begin(std::optional<int64_t> id,
                                std::string& out) const {
  api::AppendStreamBegin(id, out);
}

void EventStreamRenderer::Append(const stacks::Event& event,
                                 std::string& out) const {
  api::AppendStreamEvent(event, redactor_, out);
}

void EventStreamRenderer::Gap(const stacks::EventGap& gap,
                              std::string& out) const {
  api::AppendStreamGap(
      gap.from, gap.to,
      gap.reason == stacks::EventGap::Reason::kUnknown ? "unknown" : "removed",
      out);
}

void EventStreamRenderer::KeepAlive(std::optional<int64_t> id,
                                    std::string& out) const {
  api::AppendStreamKeepAlive(id, out);
}

bool WantsEventStream(const api::Request& request) {
  return api::Prefers(request, api::kEventStreamType, api::kJsonMediaType);
}

HandlerResult StreamEvents(const StackServices& services,
                           const RequestContext& context,
                           api::EventQuery query) {
  const api::Request& request = context.request;
  if (absl::Status valid = CheckNoPage(request.params); !valid.ok()) {
    return api::ErrorFromStatus(valid);
  }
  api::Response response = StreamResponse(request);
  if (response.stream != nullptr) return response;
  auto lease = services.event_streams.Acquire(context.token_id);
  if (auto* const error = std::get_if<api::Error>(&lease)) {
    return std::move(*error);
  }
  const stacks::EventStart start = StartOf(query, request);
  absl::StatusOr<std::unique_ptr<stacks::EventFollower>> follower =
      services.event_feed.Follow(std::move(query.filter), start);
  if (!follower.ok()) return api::ErrorFromStatus(follower.status());
  response.stream = std::make_unique<EventStream>(
      *std::move(follower), std::get<StreamLimits::Lease>(std::move(lease)));
  return response;
}

}  // namespace tallyman::server
