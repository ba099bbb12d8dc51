#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/log/check.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/metrics/metrics_format.h"
#include "tools/fuzz/input.h"

namespace tallyman::api {
namespace {

void TestMetricsFormat(std::string_view accept) {
  const MetricsFormat format = ChooseMetricsFormat(accept);
  // OpenMetrics must be named.
  if (!absl::StrContainsIgnoreCase(accept, kOpenMetricsMediaType)) {
    CHECK(format == MetricsFormat::kPrometheusText);
  }
  // Other types and empty elements before the list change nothing.
  CHECK(ChooseMetricsFormat(absl::StrCat(",image/png,", accept)) == format);
  // Naming it once more, with the greatest weight, does not make it worse.
  if (format == MetricsFormat::kOpenMetrics) {
    CHECK(ChooseMetricsFormat(
              absl::StrCat("application/openmetrics-text,", accept)) == format);
  }
}

}  // namespace
}  // namespace tallyman::api

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::api::TestMetricsFormat(tallyman::fuzz::Input(data, size).rest());
  return 0;
}
