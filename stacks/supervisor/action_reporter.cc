#include "stacks/supervisor/action_reporter.h"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "platform/base/fault_injection.h"
#include "stacks/model/notice.h"
#include "stacks/model/registry.h"
#include "stacks/supervisor/action_tracker.h"
#include "stacks/supervisor/instance_table.h"
#include "stacks/supervisor/signaller.h"

namespace tallyman::stacks {

ActionReporter::ActionReporter(ActionTracker::Options options,
                               const Parts& parts, NoticeSink notices)
    : parts_(parts),
      notices_(std::move(notices)),
      tracker_(std::move(options), parts.loop,
               [this] { parts_.table.MarkActionsChanged(); }) {}

absl::Status ActionReporter::Report(const RegistrySnapshot& snapshot,
                                    const SignalResults& signals) {
  if (!parts_.table.TakeActionsChanged()) return absl::OkStatus();
  const std::vector<TargetOutcome> outcomes =
      tracker_.Evaluate(snapshot, parts_.table.groups(), signals);
  if (outcomes.empty()) return absl::OkStatus();
  // Before the report: once the stack is gone, no later try would remove its
  // output. A report that fails removes it again, which does no harm.
  for (const TargetOutcome& outcome : outcomes) {
    if (outcome.process.empty() && outcome.success) {
      RemoveOutput(snapshot, outcome.action_id);
    }
  }
  base::FaultPoint("action.finish");
  absl::Status reported = parts_.registry.ReportOutcomes(outcomes, absl::Now());
  if (!reported.ok()) parts_.table.MarkActionsChanged();
  return reported;
}

void ActionReporter::RemoveOutput(const RegistrySnapshot& snapshot,
                                  int64_t action_id) {
  for (const std::shared_ptr<const Action>& action : snapshot.open) {
    if (action->id != action_id) continue;
    const absl::Status removed = parts_.logs.RemoveStack(action->stack_uid);
    if (!removed.ok() && notices_) {
      notices_({.severity = Notice::Severity::kError,
                .event = "output_not_removed",
                .what = removed.message()});
    }
  }
}

}  // namespace tallyman::stacks
