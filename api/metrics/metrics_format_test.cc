#include "api/metrics/metrics_format.h"

#include <string_view>

#include "gtest/gtest.h"

namespace tallyman::api {
namespace {

bool IsOpenMetrics(std::string_view accept) {
  return ChooseMetricsFormat(accept) == MetricsFormat::kOpenMetrics;
}

TEST(MetricsFormatTest, TextUnlessOpenMetricsIsNamed) {
  for (const std::string_view accept :
       {"", "*/*", "text/plain", "text/html, */*;q=0.8", "application/json",
        "application/*", ",,", "nonsense", "application/openmetrics-text2"}) {
    EXPECT_FALSE(IsOpenMetrics(accept)) << accept;
  }
  EXPECT_TRUE(IsOpenMetrics("application/openmetrics-text"));
  EXPECT_TRUE(IsOpenMetrics("Application/OpenMetrics-Text ; Version=1.0.0"));
}

// What Prometheus 2 and 3 send.
TEST(MetricsFormatTest, Prometheus) {
  EXPECT_TRUE(
      IsOpenMetrics("application/openmetrics-text;version=1.0.0,"
                    "application/openmetrics-text;version=0.0.1;q=0.75,"
                    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"));
  EXPECT_TRUE(IsOpenMetrics(
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
      "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"));
  EXPECT_FALSE(IsOpenMetrics(
      "text/plain;version=0.0.4;q=0.5,"
      "application/openmetrics-text;version=1.0.0;q=0.3,*/*;q=0.2"));
}

TEST(MetricsFormatTest, TheHigherWeightWins) {
  EXPECT_FALSE(
      IsOpenMetrics("application/openmetrics-text;q=0.4, text/plain;q=0.5"));
  EXPECT_FALSE(IsOpenMetrics("application/openmetrics-text;q=0.4, text/plain"));
  EXPECT_FALSE(
      IsOpenMetrics("application/openmetrics-text;q=0.4, text/*;q=0.5"));
  EXPECT_TRUE(IsOpenMetrics("text/plain, application/openmetrics-text"));
  // The most specific range counts for a type, not the greatest weight.
  EXPECT_TRUE(IsOpenMetrics(
      "application/openmetrics-text;q=0.4, text/plain;q=0.3, */*;q=0.9"));
  EXPECT_TRUE(IsOpenMetrics(
      "*/*;q=0.9, text/plain;q=0.3, application/openmetrics-text;q=0.4"));
}

TEST(MetricsFormatTest, OtherVersionsAndBadWeightsDoNotCount) {
  EXPECT_FALSE(IsOpenMetrics("application/openmetrics-text;version=2.0.0"));
  EXPECT_FALSE(IsOpenMetrics("application/openmetrics-text;q=0"));
  EXPECT_FALSE(IsOpenMetrics("application/openmetrics-text;q=2"));
  EXPECT_FALSE(IsOpenMetrics("application/openmetrics-text;q=nan"));
  EXPECT_FALSE(IsOpenMetrics("application/openmetrics-text;q=x"));
}

TEST(MetricsFormatTest, AQuotedCommaIsPartOfItsRange) {
  EXPECT_FALSE(IsOpenMetrics(R"(text/x;a="b, application/openmetrics-text)"));
  EXPECT_TRUE(
      IsOpenMetrics(R"(text/x;a="b\",c", application/openmetrics-text)"));
  EXPECT_FALSE(IsOpenMetrics(R"(text/x;a="b\)"));
}

TEST(MetricsFormatTest, ContentTypes) {
  EXPECT_EQ(MetricsContentType(MetricsFormat::kPrometheusText),
            "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(MetricsContentType(MetricsFormat::kOpenMetrics),
            "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

}  // namespace
}  // namespace tallyman::api
