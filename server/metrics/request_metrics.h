// Counts the requests of each operation, by status, and measures how long they
// take.
//
//   RequestMetrics metrics;
//   metrics.SetOperations(router.operations());
//   metrics.Record(endpoint.index, 200, duration);

#ifndef TALLYMAN_SERVER_METRICS_REQUEST_METRICS_H_
#define TALLYMAN_SERVER_METRICS_REQUEST_METRICS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/description/operation.h"
#include "api/metrics/metrics_writer.h"
#include "server/metrics/duration_histogram.h"

namespace tallyman::server {

// The statuses that have a series of their own; all others share one.
inline constexpr int kCountedStatuses[] = {
    200, 201, 304, 400, 401, 403, 404, 405, 408, 409, 412,
    413, 414, 415, 417, 421, 429, 431, 500, 501, 503,
};

// Thread-safe after SetOperations().
class RequestMetrics {
 public:
  // An open stream, counted while this object lives.
  class Stream {
   public:
    // Counts nothing if `metrics` is null; it must outlive the stream.
    explicit Stream(RequestMetrics* metrics);
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream();

   private:
    RequestMetrics* const metrics_;
  };

  RequestMetrics();
  RequestMetrics(const RequestMetrics&) = delete;
  RequestMetrics& operator=(const RequestMetrics&) = delete;

  // The operations that Record() is called with, by index. They must outlive
  // this object. Call it before the first Record().
  void SetOperations(absl::Span<const api::Operation* const> operations);

  // Counts a request that was answered with `status` after `duration`. It was
  // for the operation with the index `operation`; nullopt: for none, since its
  // address or its method is unknown or it was malformed. Takes no lock and
  // allocates nothing.
  void Record(std::optional<size_t> operation, int status,
              absl::Duration duration);

  // Operations without a request have no series.
  void Write(api::MetricsWriter& writer) const;

 private:
  // Of one operation. Apart from the others in memory, so that threads which
  // answer different requests don't wait for each other's cache lines.
  struct alignas(64) Counts {
    // By index in kCountedStatuses; the last one is of all others.
    std::array<std::atomic<uint64_t>, std::size(kCountedStatuses) + 1>
        statuses = {};
    DurationHistogram durations;
  };

  std::vector<const api::Operation*> operations_;
  // By operation; the last one is of requests for none.
  std::unique_ptr<Counts[]> counts_;
  std::atomic<int64_t> streams_ = 0;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_METRICS_REQUEST_METRICS_H_
