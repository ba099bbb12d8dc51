// The formats of metrics, and the choice between them.
//
//   const MetricsFormat format = ChooseMetricsFormat(request.Header("Accept"));

#ifndef TALLYMAN_API_METRICS_METRICS_FORMAT_H_
#define TALLYMAN_API_METRICS_METRICS_FORMAT_H_

#include <cstdint>
#include <string_view>

namespace tallyman::api {

enum class MetricsFormat : uint8_t {
  // https://prometheus.io/docs/instrumenting/exposition_formats/, 0.0.4.
  kPrometheusText,
  // https://prometheus.io/docs/specs/om/open_metrics_spec/, 1.0.0.
  kOpenMetrics,
};

// "type/subtype" of the format.
inline constexpr std::string_view kPrometheusTextMediaType = "text/plain";
inline constexpr std::string_view kOpenMetricsMediaType =
    "application/openmetrics-text";

// The value of Content-Type, as the format's specification states it.
std::string_view MetricsContentType(MetricsFormat format);

// The format for a request with this value of Accept (RFC 9110, section
// 12.5.1): OpenMetrics if the value names it, in version 1.0.0 or without one,
// and prefers nothing else to it; a wildcard is not enough. Else the text
// format, whatever the client accepts: an answer beats 406.
MetricsFormat ChooseMetricsFormat(std::string_view accept);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_METRICS_METRICS_FORMAT_H_
