// Takes over the instances that an earlier server left, at the start of this
// one. docs/lifecycle.md lists where it may have died, and the outcome of each.

#ifndef TALLYMAN_STACKS_SUPERVISOR_RECOVERY_H_
#define TALLYMAN_STACKS_SUPERVISOR_RECOVERY_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "platform/cgroup.h"
#include "platform/process_lister.h"
#include "stacks/output/output_watcher.h"
#include "stacks/supervisor/instance.h"
#include "stacks/supervisor/instance_store.h"
#include "stacks/supervisor/instance_table.h"
#include "stacks/supervisor/journal.h"
#include "stacks/supervisor/launcher.h"

namespace tallyman::stacks {

// Not thread-safe: belongs to the thread of its loop.
class Recovery {
 public:
  struct Options {
    std::string boot_id;                              // Of the present boot.
    const platform::CgroupParent* cgroups = nullptr;  // May be null.
    OutputWatcher* output_watcher = nullptr;          // May be null.
  };
  // All must outlive the recovery.
  struct Parts {
    base::EventLoop& loop;
    InstanceTable& table;
    Journal& journal;
    Launcher& launcher;
    const platform::ProcessLister& lister;
  };
  Recovery(Options options, const Parts& parts)
      : options_(std::move(options)), parts_(parts) {}

  // Adds the instances of `records` to the table, adopts their processes, and
  // connects to the keeper if there are any. Call it once, first. Whether an
  // unconfirmed process executed its program is found out later, in the loop:
  // the recovery must outlive that.
  void Recover(std::vector<InstanceRecord> records);

 private:
  void RecoverInstance(InstanceRecord record);
  void AdoptProcess(Instance& instance);
  void ConfirmOnceExecuted(Instance& instance, absl::Duration waited);

  const Options options_;
  const Parts parts_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_RECOVERY_H_
