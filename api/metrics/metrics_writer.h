// Writes metrics as text, in one pass into one string: families, each with the
// line HELP, the line TYPE and its samples.
//
//   MetricsWriter writer(MetricsFormat::kPrometheusText);
//   writer.BeginCounter("tallyman_http_requests", "Answered requests.");
//   writer.Sample({{"code", "200"}}, 17);
//   response.body = std::move(writer).Finish();

#ifndef TALLYMAN_API_METRICS_METRICS_WRITER_H_
#define TALLYMAN_API_METRICS_METRICS_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "absl/types/span.h"
#include "api/metrics/metrics_format.h"

namespace tallyman::api {

// Names of labels are [a-zA-Z_][a-zA-Z0-9_]*; values are any UTF-8.
using MetricLabels =
    std::initializer_list<std::pair<std::string_view, std::string_view>>;

// Appends NAME="VALUE" to `labels`, with a comma before it unless it is the
// first one: for samples of several families with the same labels.
void AppendLabel(std::string_view name, std::string_view value,
                 std::string& labels);

// Not thread-safe. Names are constants of the caller ([a-zA-Z_:][a-zA-Z0-9_:]*)
// and used for one family only.
class MetricsWriter {
 public:
  // Reserves memory for `size` bytes.
  explicit MetricsWriter(MetricsFormat format, size_t size = 4096);

  // Reserves memory for `size` further bytes.
  void Reserve(size_t size) { out_.reserve(out_.size() + size); }

  // Each begins a family; its samples follow. `help` is one line of plain text.
  // The writer adds "_total" to the name of a counter and "_info" to that of an
  // information, where the format wants them.
  void BeginCounter(std::string_view name, std::string_view help);
  void BeginGauge(std::string_view name, std::string_view help);
  void BeginInfo(std::string_view name, std::string_view help);
  // In seconds. The upper bounds of the buckets are in nanoseconds, ascending;
  // they must outlive the family.
  void BeginHistogram(std::string_view name, std::string_view help,
                      absl::Span<const int64_t> bounds);

  // A sample of a counter or a gauge.
  void Sample(MetricLabels labels, int64_t value);
  // The same with the text of AppendLabel().
  void Sample(std::string_view labels, int64_t value);
  // A sample in seconds.
  void SampleSeconds(MetricLabels labels, int64_t nanoseconds);
  // A sample of an information.
  void SampleInfo(MetricLabels labels) { Sample(labels, 1); }
  // A sample of a histogram: how many observations each bucket has, not those
  // below it, the last one being those above all bounds; and their sum.
  void SampleHistogram(MetricLabels labels, absl::Span<const uint64_t> buckets,
                       int64_t sum_nanoseconds);

  // The text. Ends the use of the writer.
  std::string Finish() &&;

 private:
  void Begin(std::string_view name, std::string_view type,
             std::string_view suffix, std::string_view help);
  // The name of the sample and its labels.
  void AppendName(std::string_view suffix, std::string_view labels,
                  std::string_view bound = {});

  const MetricsFormat format_;
  std::string out_;
  std::string name_;         // Of the present family, without a suffix.
  std::string_view suffix_;  // Of its samples.
  absl::Span<const int64_t> bounds_;
  std::string labels_;  // Scratch memory.
  std::string bound_;   // Scratch memory.
};

}  // namespace tallyman::api

#endif  // TALLYMAN_API_METRICS_METRICS_WRITER_H_
