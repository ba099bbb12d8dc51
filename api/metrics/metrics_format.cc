#include "api/metrics/metrics_format.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

#include "absl/strings/numbers.h"
#include "api/http/media_type.h"

namespace tallyman::api {
namespace {

constexpr std::string_view kOpenMetricsVersion = "1.0.0";

// Removes and returns the first element of a list with commas, which quoted
// strings may contain too.
std::string_view ConsumeElement(std::string_view& list) {
  bool is_quoted = false;
  size_t end = 0;
  for (; end < list.size(); ++end) {
    const char c = list[end];
    if (c == '"') is_quoted = !is_quoted;
    if (is_quoted && c == '\\') ++end;
    if (!is_quoted && c == ',') break;
  }
  end = std::min(end, list.size());
  const std::string_view element = list.substr(0, end);
  list.remove_prefix(std::min(end + 1, list.size()));
  return element;
}

// The weight of a media range: from 0, not acceptable, to 1. Malformed: 0.
double QualityOf(const MediaType& range) {
  for (const auto& [name, value] : range.parameters) {
    if (name != "q") continue;
    double quality = 0;
    const bool is_number = absl::SimpleAtod(value, &quality);
    return is_number && quality >= 0 && quality <= 1 ? quality : 0;
  }
  return 1;
}

bool HasVersion(const MediaType& range, std::string_view version) {
  for (const auto& [name, value] : range.parameters) {
    if (name == "version") return value == version;
  }
  return true;
}

// The weight of the most specific range that matches.
struct Weight {
  int specificity = -1;
  double quality = 0;

  void Add(int more_specific, double weight) {
    if (more_specific < specificity) return;
    quality = more_specific == specificity ? std::max(quality, weight) : weight;
    specificity = more_specific;
  }
};

}  // namespace

std::string_view MetricsContentType(MetricsFormat format) {
  switch (format) {
    case MetricsFormat::kPrometheusText:
      return "text/plain; version=0.0.4; charset=utf-8";
    case MetricsFormat::kOpenMetrics:
      return "application/openmetrics-text; version=1.0.0; charset=utf-8";
  }
  return "";
}

MetricsFormat ChooseMetricsFormat(std::string_view accept) {
  Weight text;
  double open_metrics = 0;
  while (!accept.empty()) {
    const std::optional<MediaType> range =
        ParseMediaType(ConsumeElement(accept));
    if (!range) continue;
    const double quality = QualityOf(*range);
    if (range->name == kOpenMetricsMediaType) {
      if (HasVersion(*range, kOpenMetricsVersion)) {
        open_metrics = std::max(open_metrics, quality);
      }
    } else if (range->name == kPrometheusTextMediaType) {
      text.Add(2, quality);
    } else if (range->name == "text/*") {
      text.Add(1, quality);
    } else if (range->name == "*/*") {
      text.Add(0, quality);
    }
  }
  return open_metrics > 0 && open_metrics >= text.quality
             ? MetricsFormat::kOpenMetrics
             : MetricsFormat::kPrometheusText;
}

}  // namespace tallyman::api
