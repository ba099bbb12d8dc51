#include "api/metrics/metrics_writer.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "api/metrics/metrics_format.h"

namespace tallyman::api {
namespace {

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr size_t kFractionDigits = 9;

// In a value both formats escape these three; in HELP only OpenMetrics escapes
// the quotation mark too, so no help has one.
void AppendEscaped(std::string_view text, std::string& out) {
  while (true) {
    const size_t special = text.find_first_of("\\\"\n");
    out.append(text.substr(0, special));
    if (special == std::string_view::npos) return;
    out.push_back('\\');
    out.push_back(text[special] == '\n' ? 'n' : text[special]);
    text.remove_prefix(special + 1);
  }
}

// Exact, in the least number of digits: "0.25", "12", "-1.5".
void AppendSeconds(int64_t nanoseconds, std::string& out) {
  // Of the magnitude, which the most negative number has as well.
  uint64_t rest = static_cast<uint64_t>(nanoseconds);
  if (nanoseconds < 0) {
    out.push_back('-');
    rest = 0 - rest;
  }
  absl::StrAppend(&out, rest / kNanosecondsPerSecond);
  uint64_t fraction = rest % kNanosecondsPerSecond;
  if (fraction == 0) return;
  char digits[kFractionDigits];
  for (size_t i = kFractionDigits; i > 0; --i) {
    digits[i - 1] = static_cast<char>('0' + fraction % 10);
    fraction /= 10;
  }
  size_t size = kFractionDigits;
  while (digits[size - 1] == '0') --size;
  out.push_back('.');
  out.append(digits, size);
}

void AppendLabels(MetricLabels labels, std::string& out) {
  for (const auto& [name, value] : labels) AppendLabel(name, value, out);
}

}  // namespace

void AppendLabel(std::string_view name, std::string_view value,
                 std::string& labels) {
  if (!labels.empty()) labels.push_back(',');
  labels.append(name);
  labels.append("=\"");
  AppendEscaped(value, labels);
  labels.push_back('"');
}

MetricsWriter::MetricsWriter(MetricsFormat format, size_t size)
    : format_(format) {
  out_.reserve(size);
}

void MetricsWriter::BeginCounter(std::string_view name, std::string_view help) {
  Begin(name, "counter", "_total", help);
}

void MetricsWriter::BeginGauge(std::string_view name, std::string_view help) {
  Begin(name, "gauge", "", help);
}

void MetricsWriter::BeginInfo(std::string_view name, std::string_view help) {
  Begin(name, format_ == MetricsFormat::kOpenMetrics ? "info" : "gauge",
        "_info", help);
}

void MetricsWriter::BeginHistogram(std::string_view name, std::string_view help,
                                   absl::Span<const int64_t> bounds) {
  Begin(name, "histogram", "", help);
  bounds_ = bounds;
}

void MetricsWriter::Begin(std::string_view name, std::string_view type,
                          std::string_view suffix, std::string_view help) {
  name_ = name;
  suffix_ = suffix;
  // In the text format a family has the name of its samples.
  const std::string_view shown =
      format_ == MetricsFormat::kOpenMetrics ? "" : suffix;
  absl::StrAppend(&out_, "# HELP ", name, shown, " ", help, "\n");
  absl::StrAppend(&out_, "# TYPE ", name, shown, " ", type, "\n");
}

void MetricsWriter::Sample(MetricLabels labels, int64_t value) {
  labels_.clear();
  AppendLabels(labels, labels_);
  Sample(labels_, value);
}

void MetricsWriter::Sample(std::string_view labels, int64_t value) {
  AppendName(suffix_, labels);
  absl::StrAppend(&out_, value, "\n");
}

void MetricsWriter::SampleSeconds(MetricLabels labels, int64_t nanoseconds) {
  labels_.clear();
  AppendLabels(labels, labels_);
  AppendName(suffix_, labels_);
  AppendSeconds(nanoseconds, out_);
  out_.push_back('\n');
}

void MetricsWriter::SampleHistogram(MetricLabels labels,
                                    absl::Span<const uint64_t> buckets,
                                    int64_t sum_nanoseconds) {
  CHECK_EQ(buckets.size(), bounds_.size() + 1) << name_;
  labels_.clear();
  AppendLabels(labels, labels_);
  uint64_t count = 0;
  for (size_t i = 0; i < buckets.size(); ++i) {
    count += buckets[i];
    bound_.clear();
    if (i == bounds_.size()) {
      bound_ = "+Inf";
    } else {
      AppendSeconds(bounds_[i], bound_);
      // OpenMetrics compares bounds as text, and wants them as floats.
      if (format_ == MetricsFormat::kOpenMetrics &&
          bounds_[i] % kNanosecondsPerSecond == 0) {
        bound_.append(".0");
      }
    }
    AppendName("_bucket", labels_, bound_);
    absl::StrAppend(&out_, count, "\n");
  }
  AppendName("_sum", labels_);
  AppendSeconds(sum_nanoseconds, out_);
  out_.push_back('\n');
  AppendName("_count", labels_);
  absl::StrAppend(&out_, count, "\n");
}

void MetricsWriter::AppendName(std::string_view suffix, std::string_view labels,
                               std::string_view bound) {
  out_.append(name_);
  out_.append(suffix);
  if (!labels.empty() || !bound.empty()) {
    out_.push_back('{');
    out_.append(labels);
    if (!bound.empty()) {
      if (!labels.empty()) out_.push_back(',');
      absl::StrAppend(&out_, "le=\"", bound, "\"");
    }
    out_.push_back('}');
  }
  out_.push_back(' ');
}

std::string MetricsWriter::Finish() && {
  if (format_ == MetricsFormat::kOpenMetrics) out_.append("# EOF\n");
  return std::move(out_);
}

}  // namespace tallyman::api
