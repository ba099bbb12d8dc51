#include "server/metrics/request_metrics.h"

#include <cstddef>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/description/operation.h"
#include "api/http/error.h"
#include "api/metrics/metrics_format.h"
#include "api/metrics/metrics_writer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr api::Operation kGet = {.method = "GET", .path = "/a/{id}"};
constexpr api::Operation kPost = {.method = "POST", .path = "/a"};
constexpr const api::Operation* kOperations[] = {&kGet, &kPost};

class RequestMetricsTest : public testing::Test {
 protected:
  RequestMetricsTest() { metrics_.SetOperations(kOperations); }

  std::string Text() const {
    api::MetricsWriter writer(api::MetricsFormat::kPrometheusText);
    metrics_.Write(writer);
    return std::move(writer).Finish();
  }

  RequestMetrics metrics_;
};

TEST_F(RequestMetricsTest, CountsByOperationAndStatus) {
  metrics_.Record(0, 200, absl::Microseconds(50));
  metrics_.Record(0, 200, absl::Microseconds(51));
  metrics_.Record(0, 404, absl::Seconds(6));
  metrics_.Record(std::nullopt, 404, absl::ZeroDuration());
  metrics_.Record(0, 299, -absl::Seconds(1));
  const std::string text = Text();
  for (const char* const line :
       {R"(requests_total{method="GET",route="/a/{id}",code="200"} 2)",
        R"(requests_total{method="GET",route="/a/{id}",code="404"} 1)",
        R"(requests_total{method="GET",route="/a/{id}",code="other"} 1)",
        R"(requests_total{method="other",route="other",code="404"} 1)",
        R"(seconds_bucket{method="GET",route="/a/{id}",le="0.00005"} 2)",
        R"(seconds_bucket{method="GET",route="/a/{id}",le="0.0001"} 3)",
        R"(seconds_bucket{method="GET",route="/a/{id}",le="5"} 3)",
        R"(seconds_bucket{method="GET",route="/a/{id}",le="+Inf"} 4)",
        R"(seconds_sum{method="GET",route="/a/{id}"} 6.000101)",
        R"(seconds_count{method="GET",route="/a/{id}"} 4)"}) {
    EXPECT_THAT(text, HasSubstr(absl::StrCat(line, "\n")));
  }
  EXPECT_THAT(text, Not(HasSubstr("POST")));
}

TEST_F(RequestMetricsTest, EveryErrorHasASeriesOfItsOwn) {
  for (size_t kind = 0; kind < api::ErrorNames().size(); ++kind) {
    metrics_.Record(0, api::HttpStatus(static_cast<api::ErrorKind>(kind)),
                    absl::ZeroDuration());
  }
  EXPECT_THAT(Text(), Not(HasSubstr(R"(code="other")")));
}

TEST_F(RequestMetricsTest, CountsOpenStreams) {
  EXPECT_THAT(Text(), HasSubstr("tallyman_http_streams 0\n"));
  {
    const RequestMetrics::Stream one(&metrics_);
    const RequestMetrics::Stream two(&metrics_);
    const RequestMetrics::Stream none(nullptr);
    EXPECT_THAT(Text(), HasSubstr("tallyman_http_streams 2\n"));
  }
  EXPECT_THAT(Text(), HasSubstr("tallyman_http_streams 0\n"));
}

TEST_F(RequestMetricsTest, ThreadsLoseNoCount) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int n = 0; n < 10000; ++n) {
        metrics_.Record(1, 201, absl::Nanoseconds(1));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(Text(), HasSubstr(R"(route="/a",code="201"} 40000)"));
  EXPECT_THAT(Text(),
              HasSubstr(R"(seconds_sum{method="POST",route="/a"} 0.00004)"));
}

}  // namespace
}  // namespace tallyman::server
