// Measures what a watched list costs beside its scans, for benchmarks.

#ifndef TALLYMAN_SERVER_WATCH_WATCH_METER_H_
#define TALLYMAN_SERVER_WATCH_WATCH_METER_H_

#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"
#include "platform/process_lister.h"

namespace tallyman::server {

// The list of all processes with the default keys, and a watch of it with one
// reader. Times are those of the processor, for all threads of this process, in
// milliseconds. Not thread-safe.
class WatchMeter {
 public:
  struct Round {
    double milliseconds = 0;
    size_t bytes = 0;  // That the reader gets.
  };

  // Begins the watch, whose reader gets its snapshot. `lister` must outlive the
  // meter.
  static absl::StatusOr<std::unique_ptr<WatchMeter>> Start(
      const platform::ProcessLister& lister);

  virtual ~WatchMeter() = default;

  // The time of a scan as for the list, and of one as for the watch, which also
  // reads start times.
  virtual absl::StatusOr<double> ScanList() = 0;
  virtual absl::StatusOr<double> ScanWatch() = 0;

  // The time of a scan, its difference from the one before, and its event.
  virtual absl::StatusOr<Round> Watch() = 0;

  // The number of processes of the list, and the bytes of its answer.
  struct ListSize {
    size_t processes = 0;
    size_t bytes = 0;
  };
  virtual absl::StatusOr<ListSize> MeasureList() = 0;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_WATCH_WATCH_METER_H_
