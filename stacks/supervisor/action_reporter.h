// Reports to the registry which actions have ended here, and removes the
// output of a removed stack.

#ifndef TALLYMAN_STACKS_SUPERVISOR_ACTION_REPORTER_H_
#define TALLYMAN_STACKS_SUPERVISOR_ACTION_REPORTER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "platform/base/event_loop.h"
#include "stacks/model/notice.h"
#include "stacks/model/registry.h"
#include "stacks/output/output_log.h"
#include "stacks/supervisor/action_tracker.h"
#include "stacks/supervisor/instance_table.h"
#include "stacks/supervisor/signaller.h"

namespace tallyman::stacks {

// Not thread-safe: belongs to the thread of its loop.
class ActionReporter {
 public:
  // All must outlive the reporter.
  struct Parts {
    base::EventLoop& loop;
    Registry& registry;
    InstanceTable& table;
    const OutputLogs& logs;
  };
  // `notices` may be empty.
  ActionReporter(ActionTracker::Options options, const Parts& parts,
                 NoticeSink notices);

  // Reports the targets of `snapshot`'s open actions that have ended, if the
  // table says that some may have. Call it after a commit of the journal:
  // nothing is reported before it is durable. On an error the next call reports
  // again. `signals`: see ActionTracker::Evaluate().
  absl::Status Report(const RegistrySnapshot& snapshot,
                      const SignalResults& signals);

 private:
  void RemoveOutput(const RegistrySnapshot& snapshot, int64_t action_id);

  const Parts parts_;
  const NoticeSink notices_;
  ActionTracker tracker_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_ACTION_REPORTER_H_
