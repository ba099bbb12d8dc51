#include "api/metrics/metrics_writer.h"

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "api/metrics/metrics_format.h"
#include "gtest/gtest.h"

namespace tallyman::api {
namespace {

constexpr int64_t kBounds[] = {500'000, 250'000'000, 1'000'000'000,
                               10'000'000'000};

std::string Render(MetricsFormat format) {
  MetricsWriter writer(format);
  writer.BeginInfo("app_build", "The version.");
  writer.SampleInfo({{"version", "1.2.3"}});
  writer.BeginCounter("app_requests", "Answered requests.");
  writer.Sample({{"code", "200"}, {"method", "GET"}}, 17);
  writer.Sample({{"code", "404"}, {"method", "GET"}}, 0);
  writer.BeginGauge("app_connections", "Open connections.");
  writer.Sample({}, -3);
  writer.BeginGauge("app_start_time_seconds", "Since the epoch.");
  writer.SampleSeconds({}, 1'600'000'000'250'000'000);
  writer.BeginHistogram("app_duration_seconds", "Time.", kBounds);
  const uint64_t buckets[] = {1, 0, 2, 0, 4};
  writer.SampleHistogram({{"route", "/a"}}, buckets, 31'000'000'001);
  writer.SampleHistogram({}, {0, 0, 0, 0, 0}, 0);
  return std::move(writer).Finish();
}

TEST(MetricsWriterTest, PrometheusText) {
  EXPECT_EQ(Render(MetricsFormat::kPrometheusText),
            R"(# HELP app_build_info The version.
# TYPE app_build_info gauge
app_build_info{version="1.2.3"} 1
# HELP app_requests_total Answered requests.
# TYPE app_requests_total counter
app_requests_total{code="200",method="GET"} 17
app_requests_total{code="404",method="GET"} 0
# HELP app_connections Open connections.
# TYPE app_connections gauge
app_connections -3
# HELP app_start_time_seconds Since the epoch.
# TYPE app_start_time_seconds gauge
app_start_time_seconds 1600000000.25
# HELP app_duration_seconds Time.
# TYPE app_duration_seconds histogram
app_duration_seconds_bucket{route="/a",le="0.0005"} 1
app_duration_seconds_bucket{route="/a",le="0.25"} 1
app_duration_seconds_bucket{route="/a",le="1"} 3
app_duration_seconds_bucket{route="/a",le="10"} 3
app_duration_seconds_bucket{route="/a",le="+Inf"} 7
app_duration_seconds_sum{route="/a"} 31.000000001
app_duration_seconds_count{route="/a"} 7
app_duration_seconds_bucket{le="0.0005"} 0
app_duration_seconds_bucket{le="0.25"} 0
app_duration_seconds_bucket{le="1"} 0
app_duration_seconds_bucket{le="10"} 0
app_duration_seconds_bucket{le="+Inf"} 0
app_duration_seconds_sum 0
app_duration_seconds_count 0
)");
}

TEST(MetricsWriterTest, OpenMetrics) {
  EXPECT_EQ(Render(MetricsFormat::kOpenMetrics),
            R"(# HELP app_build The version.
# TYPE app_build info
app_build_info{version="1.2.3"} 1
# HELP app_requests Answered requests.
# TYPE app_requests counter
app_requests_total{code="200",method="GET"} 17
app_requests_total{code="404",method="GET"} 0
# HELP app_connections Open connections.
# TYPE app_connections gauge
app_connections -3
# HELP app_start_time_seconds Since the epoch.
# TYPE app_start_time_seconds gauge
app_start_time_seconds 1600000000.25
# HELP app_duration_seconds Time.
# TYPE app_duration_seconds histogram
app_duration_seconds_bucket{route="/a",le="0.0005"} 1
app_duration_seconds_bucket{route="/a",le="0.25"} 1
app_duration_seconds_bucket{route="/a",le="1.0"} 3
app_duration_seconds_bucket{route="/a",le="10.0"} 3
app_duration_seconds_bucket{route="/a",le="+Inf"} 7
app_duration_seconds_sum{route="/a"} 31.000000001
app_duration_seconds_count{route="/a"} 7
app_duration_seconds_bucket{le="0.0005"} 0
app_duration_seconds_bucket{le="0.25"} 0
app_duration_seconds_bucket{le="1.0"} 0
app_duration_seconds_bucket{le="10.0"} 0
app_duration_seconds_bucket{le="+Inf"} 0
app_duration_seconds_sum 0
app_duration_seconds_count 0
# EOF
)");
}

TEST(MetricsWriterTest, ValuesOfLabelsAreEscaped) {
  std::string labels;
  AppendLabel("a", "say \"hi\"", labels);
  AppendLabel("b", "C:\\new\nline\\", labels);
  AppendLabel("c", "", labels);
  AppendLabel("d", "é{},=\t日本", labels);
  EXPECT_EQ(labels, R"(a="say \"hi\"",b="C:\\new\nline\\",c="",d="é{},=)"
                    "\t日本\"");
  MetricsWriter writer(MetricsFormat::kPrometheusText);
  writer.BeginGauge("g", "Help.");
  writer.Sample(labels, 1);
  writer.Sample({{"x", "\n\"\\"}}, 2);
  EXPECT_EQ(std::move(writer).Finish(), "# HELP g Help.\n# TYPE g gauge\ng{" +
                                            labels +
                                            "} 1\n"
                                            R"(g{x="\n\"\\"} 2)"
                                            "\n");
}

TEST(MetricsWriterTest, SecondsAreExact) {
  MetricsWriter writer(MetricsFormat::kOpenMetrics);
  writer.BeginGauge("g_seconds", "Help.");
  for (const int64_t nanoseconds :
       {int64_t{0}, int64_t{1}, int64_t{-1'500'000'000}, int64_t{100},
        std::numeric_limits<int64_t>::min(),
        std::numeric_limits<int64_t>::max()}) {
    writer.SampleSeconds({}, nanoseconds);
  }
  EXPECT_EQ(std::move(writer).Finish(),
            "# HELP g_seconds Help.\n# TYPE g_seconds gauge\n"
            "g_seconds 0\ng_seconds 0.000000001\ng_seconds -1.5\n"
            "g_seconds 0.0000001\ng_seconds -9223372036.854775808\n"
            "g_seconds 9223372036.854775807\n# EOF\n");
}

}  // namespace
}  // namespace tallyman::api
