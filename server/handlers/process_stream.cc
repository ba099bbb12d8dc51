#include "server/handlers/process_stream.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "absl/time/time.h"
#include "api/host/process_query.h"
#include "api/http/body_stream.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "server/handlers/stream_limits.h"
#include "server/handlers/stream_response.h"
#include "server/routing/router.h"

namespace tallyman::server {
namespace {

// Is counted while it lasts.
class LeasedStream final : public api::BodyStream {
 public:
  LeasedStream(std::unique_ptr<api::BodyStream> stream,
               StreamLimits::Lease lease)
      : stream_(std::move(stream)), lease_(std::move(lease)) {}

  void Start(std::function<void()> wake) override {
    stream_->Start(std::move(wake));
  }
  State Read(size_t max_bytes, std::string& out) override {
    return stream_->Read(max_bytes, out);
  }

 private:
  const std::unique_ptr<api::BodyStream> stream_;
  const StreamLimits::Lease lease_;
};

}  // namespace

HandlerResult StreamProcesses(const ProcessStreams& streams,
                              const RequestContext& context,
                              api::ProcessListQuery query,
                              absl::Duration interval) {
  api::Response response = StreamResponse(context.request);
  if (response.stream != nullptr) return response;
  auto lease = streams.limits.Acquire(context.token_id);
  if (auto* const error = std::get_if<api::Error>(&lease)) {
    return std::move(*error);
  }
  response.stream = std::make_unique<LeasedStream>(
      streams.feed.Follow(std::move(query), interval),
      std::get<StreamLimits::Lease>(std::move(lease)));
  return response;
}

}  // namespace tallyman::server
