#include "server/handlers/metrics_handlers.h"

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "api/description/operation.h"
#include "api/description/schema.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/metrics/metrics_format.h"
#include "api/metrics/metrics_writer.h"
#include "auth/token.h"
#include "server/handlers/request_coalescer.h"
#include "server/routing/router.h"

namespace tallyman::server {
namespace {

constexpr api::Tag kTag = {"Metrics", "For Prometheus."};

constexpr api::Schema kPrometheusText =
    api::String("The text format of Prometheus, 0.0.4.",
                "# HELP tallyman_stacks Stacks.\n"
                "# TYPE tallyman_stacks gauge\n"
                "tallyman_stacks 1\n");
constexpr api::Schema kOpenMetrics = api::String("OpenMetrics, 1.0.0.",
                                                 "# HELP tallyman_stacks "
                                                 "Stacks.\n"
                                                 "# TYPE tallyman_stacks "
                                                 "gauge\n"
                                                 "tallyman_stacks 1\n"
                                                 "# EOF\n");
constexpr api::Content kContents[] = {
    {.media_type = api::kPrometheusTextMediaType, .schema = &kPrometheusText},
    {.media_type = api::kOpenMetricsMediaType, .schema = &kOpenMetrics}};
constexpr api::Answer kAnswers[] = {
    {.description = "The metrics.", .contents = kContents}};

constexpr api::Operation MetricsOperation(std::optional<auth::Scope> scope) {
  return {
      .id = "getMetrics",
      .method = "GET",
      .path = "/metrics",
      .is_at_root_only = true,
      .tag = &kTag,
      .summary = "Shows what the server has counted and what runs at present",
      .description =
          "The answer is in the text format of Prometheus, or in OpenMetrics "
          "if `Accept` names `application/openmetrics-text`. Counters begin at "
          "0 when the server starts. No label is a pid. A stack that has been "
          "removed has no series.",
      .scope = scope,
      .answers = kAnswers,
  };
}

constexpr api::Operation kGetMetrics = MetricsOperation(auth::Scope::kPublic);
constexpr api::Operation kGetPublicMetrics = MetricsOperation(std::nullopt);

// Shared by all requests. Thread-safe.
class MetricsService {
 public:
  explicit MetricsService(MetricsSource source) : source_(std::move(source)) {}

  HandlerResult Answer(const api::Request& request) {
    const api::MetricsFormat format =
        api::ChooseMetricsFormat(request.Header("Accept"));
    const std::string_view type = api::MetricsContentType(format);
    RequestCoalescer::Answer answer =
        coalescer_.Get(type, [&]() -> absl::StatusOr<std::string> {
          // About as much as the answer before, so that it grows once at most.
          api::MetricsWriter writer(format,
                                    size_.load(std::memory_order_relaxed));
          source_(writer);
          std::string text = std::move(writer).Finish();
          size_.store(text.size() + text.size() / 8, std::memory_order_relaxed);
          return text;
        });
    if (!answer.ok()) return api::ErrorFromStatus(answer.status());
    api::Response response;
    response.content_type = std::string(type);
    response.shared_body = *std::move(answer);
    return response;
  }

 private:
  const MetricsSource source_;
  RequestCoalescer coalescer_;
  std::atomic<size_t> size_ = 16384;
};

}  // namespace

void AddMetricsRoute(MetricsSource source, bool is_public, Router& router) {
  const auto service = std::make_shared<MetricsService>(std::move(source));
  router.Add(is_public ? kGetPublicMetrics : kGetMetrics,
             [service](const RequestContext& context) {
               return service->Answer(context.request);
             });
}

}  // namespace tallyman::server
