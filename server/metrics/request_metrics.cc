#include "server/metrics/request_metrics.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/description/operation.h"
#include "api/metrics/metrics_writer.h"
#include "server/metrics/duration_histogram.h"

namespace tallyman::server {
namespace {

// The value of labels of what is not counted apart.
constexpr std::string_view kOther = "other";

size_t StatusIndex(int status) {
  const auto* const found = std::lower_bound(
      std::begin(kCountedStatuses), std::end(kCountedStatuses), status);
  return found != std::end(kCountedStatuses) && *found == status
             ? static_cast<size_t>(found - std::begin(kCountedStatuses))
             : std::size(kCountedStatuses);
}

std::string_view MethodOf(const api::Operation* operation) {
  return operation == nullptr ? kOther : operation->method;
}

std::string_view RouteOf(const api::Operation* operation) {
  return operation == nullptr ? kOther : operation->path;
}

}  // namespace

RequestMetrics::Stream::Stream(RequestMetrics* metrics) : metrics_(metrics) {
  if (metrics_ != nullptr) {
    metrics_->streams_.fetch_add(1, std::memory_order_relaxed);
  }
}

RequestMetrics::Stream::~Stream() {
  if (metrics_ != nullptr) {
    metrics_->streams_.fetch_sub(1, std::memory_order_relaxed);
  }
}

RequestMetrics::RequestMetrics() { SetOperations({}); }

void RequestMetrics::SetOperations(
    absl::Span<const api::Operation* const> operations) {
  operations_.assign(operations.begin(), operations.end());
  operations_.push_back(nullptr);
  counts_ = std::make_unique<Counts[]>(operations_.size());
}

void RequestMetrics::Record(std::optional<size_t> operation, int status,
                            absl::Duration duration) {
  const size_t none = operations_.size() - 1;
  Counts& counts = counts_[std::min(operation.value_or(none), none)];
  counts.statuses[StatusIndex(status)].fetch_add(1, std::memory_order_relaxed);
  counts.durations.Observe(duration);
}

void RequestMetrics::Write(api::MetricsWriter& writer) const {
  writer.BeginCounter(
      "tallyman_http_requests",
      "Answered requests by the pattern of their address and status.");
  for (size_t i = 0; i < operations_.size(); ++i) {
    const api::Operation* const operation = operations_[i];
    for (size_t s = 0; s <= std::size(kCountedStatuses); ++s) {
      const uint64_t count =
          counts_[i].statuses[s].load(std::memory_order_relaxed);
      if (count == 0) continue;
      const std::string code = s == std::size(kCountedStatuses)
                                   ? std::string(kOther)
                                   : absl::StrCat(kCountedStatuses[s]);
      writer.Sample({{"method", MethodOf(operation)},
                     {"route", RouteOf(operation)},
                     {"code", code}},
                    static_cast<int64_t>(count));
    }
  }
  writer.BeginHistogram(
      "tallyman_http_request_duration_seconds",
      "From the head of a request to its answer, without the time to send it.",
      kDurationBounds);
  for (size_t i = 0; i < operations_.size(); ++i) {
    const api::Operation* const operation = operations_[i];
    const DurationHistogram& durations = counts_[i].durations;
    if (durations.empty()) continue;
    durations.Write(
        {{"method", MethodOf(operation)}, {"route", RouteOf(operation)}},
        writer);
  }
  writer.BeginGauge("tallyman_http_streams",
                    "Open streams of output and events.");
  writer.Sample({}, streams_.load(std::memory_order_relaxed));
}

}  // namespace tallyman::server
