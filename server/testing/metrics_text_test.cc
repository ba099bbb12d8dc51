#include "server/testing/metrics_text.h"

#include <optional>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string ErrorOf(std::string_view text) {
  return MetricsText(text, /*is_open_metrics=*/false).error();
}
std::string OpenErrorOf(std::string_view text) {
  return MetricsText(text, /*is_open_metrics=*/true).error();
}

constexpr std::string_view kHead = "# HELP a Help.\n# TYPE a gauge\n";

std::string Gauge(std::string_view line) {
  return std::string(kHead) + std::string(line) + "\n";
}

TEST(MetricsTextTest, ReadsSamples) {
  const MetricsText metrics(Gauge("a{x=\"1\\\"\\\\\\n\",y=\"\"} 2\na 3.5"),
                            /*is_open_metrics=*/false);
  EXPECT_EQ(metrics.error(), "");
  EXPECT_THAT(metrics.samples(), SizeIs(2));
  EXPECT_EQ(metrics.Value("a", {{"x", "1\"\\\n"}, {"y", ""}}), 2);
  EXPECT_EQ(metrics.Value("a"), 3.5);
  EXPECT_EQ(metrics.Value("a", {{"x", "2"}}), std::nullopt);
  EXPECT_THAT(metrics.WithLabel("y", ""), SizeIs(1));
}

TEST(MetricsTextTest, FindsWhatIsMalformed) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("no end"));
  EXPECT_THAT(ErrorOf(Gauge("")), HasSubstr("an empty line"));
  EXPECT_THAT(ErrorOf("a 1\n"), HasSubstr("before any family"));
  EXPECT_THAT(ErrorOf("# TYPE a gauge\na 1\n"), HasSubstr("without HELP"));
  EXPECT_THAT(ErrorOf("# HELP a Help.\na 1\n"), HasSubstr("no TYPE"));
  EXPECT_THAT(ErrorOf(Gauge("b 1")), HasSubstr("not of this family"));
  EXPECT_THAT(ErrorOf(Gauge("a x")), HasSubstr("no number"));
  EXPECT_THAT(ErrorOf(Gauge("a")), HasSubstr("no value"));
  EXPECT_THAT(ErrorOf(Gauge("a 1\na 2")), HasSubstr("a sample twice"));
  EXPECT_THAT(ErrorOf(Gauge("a{x=\"1\"\"} 1")), HasSubstr("no end"));
  EXPECT_THAT(ErrorOf(Gauge("a{x=\"\\t\"} 1")), HasSubstr("malformed label"));
  EXPECT_THAT(ErrorOf(Gauge("a{x=\"1\",x=\"2\"} 1")), HasSubstr("twice"));
  EXPECT_THAT(ErrorOf(Gauge("a 1") + Gauge("a{x=\"1\"} 1")),
              HasSubstr("a second HELP"));
  EXPECT_THAT(ErrorOf("# HELP a Help.\n# TYPE a counter\na 1\n"),
              HasSubstr("_total"));
}

TEST(MetricsTextTest, OpenMetricsHasRulesOfItsOwn) {
  EXPECT_THAT(OpenErrorOf(Gauge("a 1")), HasSubstr("# EOF"));
  EXPECT_EQ(OpenErrorOf(Gauge("a 1") + "# EOF\n"), "");
  EXPECT_EQ(OpenErrorOf("# HELP a H.\n# TYPE a counter\na_total 1\n# EOF\n"),
            "");
  EXPECT_THAT(OpenErrorOf("# HELP a_total H.\n# TYPE a_total counter\n"
                          "a_total 1\n# EOF\n"),
              HasSubstr("_total"));
  EXPECT_THAT(OpenErrorOf("# HELP a H.\n# TYPE a counter\na 1\n# EOF\n"),
              HasSubstr("a wrong suffix"));
}

TEST(MetricsTextTest, ChecksHistograms) {
  const std::string head = "# HELP h H.\n# TYPE h histogram\n";
  const std::string first = "h_bucket{le=\"0.5\"} 1\n";
  const std::string rest = "h_sum 1\nh_count 2\n";
  EXPECT_EQ(ErrorOf(head + first + "h_bucket{le=\"+Inf\"} 2\n" + rest), "");
  EXPECT_THAT(ErrorOf(head + first + rest), HasSubstr("+Inf"));
  EXPECT_THAT(ErrorOf(head + first + "h_bucket{le=\"+Inf\"} 0\n" + rest),
              HasSubstr("shrink"));
  EXPECT_THAT(ErrorOf(head + first + "h_bucket{le=\"+Inf\"} 3\n" + rest),
              HasSubstr("_count"));
  EXPECT_THAT(ErrorOf(head + first + "h_bucket{le=\"0.1\"} 3\n" + rest),
              HasSubstr("ascend"));
  EXPECT_THAT(OpenErrorOf(head +
                          "h_bucket{le=\"1\"} 1\n"
                          "h_bucket{le=\"+Inf\"} 2\n" +
                          rest + "# EOF\n"),
              HasSubstr("no float"));
}

}  // namespace
}  // namespace tallyman::server
