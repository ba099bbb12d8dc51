#include "tools/bench/connections_area.h"

#include <cstddef>

#include "absl/status/status.h"
#include "tools/bench/connections_crowd.h"
#include "tools/bench/connections_events.h"
#include "tools/bench/connections_follow.h"
#include "tools/bench/connections_idle.h"
#include "tools/bench/connections_peers.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/result_table.h"
#include "tools/crowd/loopback.h"

namespace tallyman::bench {

absl::Status MeasureConnections(const PerformanceRun& run, ConnectionPart part,
                                ResultTable& table) {
  // The clients' ends of the crowd, and other files.
  constexpr size_t kDescriptors = 13'000;
  if (absl::Status allowed = crowd::AllowDescriptors(kDescriptors);
      !allowed.ok()) {
    return allowed;
  }
  switch (part) {
    case ConnectionPart::kCrowd:
      return MeasureCrowd(run, table);
    case ConnectionPart::kIdle:
      return MeasureIdleConnections(run, table);
    case ConnectionPart::kKept:
      return MeasureKeptConnections(run, table);
    case ConnectionPart::kNew:
      return MeasureNewConnections(run, table);
    case ConnectionPart::kFollow:
      return MeasureFollowers(run, table);
    case ConnectionPart::kEvents:
      return MeasureEventStreams(run, table);
  }
  return absl::InternalError("there is no such part");
}

}  // namespace tallyman::bench
