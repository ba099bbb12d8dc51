// The metrics of stacks: their instances, restarts, exits and actions.

#ifndef TALLYMAN_SERVER_HANDLERS_STACK_METRICS_H_
#define TALLYMAN_SERVER_HANDLERS_STACK_METRICS_H_

#include "absl/functional/function_ref.h"
#include "api/metrics/metrics_writer.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/registry/sqlite_registry.h"

namespace tallyman::server {

// Writes the processes that `registry` defines, as they are on the server of
// `status`: a stack or process that is not defined any more has no series.
// Labels are the names of the stack, its environment and the process, which
// identify it. Takes time in the number of processes and instances, and a
// constant number of allocations for each stack.
void WriteStackMetrics(const stacks::RegistrySnapshot& registry,
                       const stacks::StatusSnapshot& status,
                       api::MetricsWriter& writer);

// Writes the actions that are open, and those that ended since the start.
void WriteActionMetrics(
    const stacks::RegistrySnapshot& registry,
    absl::FunctionRef<stacks::EndedActions(stacks::ActionKind)> ended,
    api::MetricsWriter& writer);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_STACK_METRICS_H_
