// The metrics of the processes of this machine.

#ifndef TALLYMAN_SERVER_HANDLERS_HOST_METRICS_H_
#define TALLYMAN_SERVER_HANDLERS_HOST_METRICS_H_

#include "api/metrics/metrics_writer.h"
#include "platform/process_lister.h"
#include "server/metrics/duration_histogram.h"

namespace tallyman::server {

// Lists the processes, counts them by state, and writes the numbers and the
// time of lists, which `durations` has. If they cannot be listed, there is no
// number.
void WriteHostMetrics(const platform::ProcessLister& lister,
                      DurationHistogram& durations, api::MetricsWriter& writer);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_HOST_METRICS_H_
