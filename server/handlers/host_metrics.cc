#include "server/handlers/host_metrics.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/metrics/metrics_writer.h"
#include "auth/clock.h"
#include "platform/process.h"
#include "platform/process_lister.h"
#include "server/metrics/duration_histogram.h"

namespace tallyman::server {

void WriteHostMetrics(const platform::ProcessLister& lister,
                      DurationHistogram& durations,
                      api::MetricsWriter& writer) {
  const absl::Duration begin = auth::SystemClock().Elapsed();
  const absl::StatusOr<platform::ProcessSnapshot> snapshot =
      lister.List({.fields = platform::ProcessField::kState});
  if (snapshot.ok()) {
    durations.Observe(auth::SystemClock().Elapsed() - begin);
    constexpr size_t kStates =
        static_cast<size_t>(platform::ProcessState::kParked) + 1;
    std::array<int64_t, kStates> counts = {};
    for (const platform::Process& process : snapshot->processes()) {
      ++counts[static_cast<size_t>(process.state)];
    }
    writer.BeginGauge("tallyman_host_processes",
                      "Processes of this machine by the state of the "
                      "scheduler.");
    for (size_t i = 0; i < kStates; ++i) {
      const std::string_view name =
          platform::ProcessStateName(static_cast<platform::ProcessState>(i));
      writer.Sample({{"state", name.empty() ? "unknown" : name}}, counts[i]);
    }
  }
  writer.BeginHistogram("tallyman_process_list_duration_seconds",
                        "Time to list the processes of this machine.",
                        kDurationBounds);
  durations.Write({}, writer);
}

}  // namespace tallyman::server
