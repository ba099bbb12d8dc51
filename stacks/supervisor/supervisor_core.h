// The supervisor without its thread: owns the parts, connects them, and runs
// one round of them at a time.

#ifndef TALLYMAN_STACKS_SUPERVISOR_SUPERVISOR_CORE_H_
#define TALLYMAN_STACKS_SUPERVISOR_SUPERVISOR_CORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "platform/cgroup.h"
#include "platform/process_lister.h"
#include "stacks/model/notice.h"
#include "stacks/model/registry.h"
#include "stacks/output/output_log.h"
#include "stacks/output/output_watcher.h"
#include "stacks/supervisor/action_reporter.h"
#include "stacks/supervisor/backoff.h"
#include "stacks/supervisor/instance_lifecycle.h"
#include "stacks/supervisor/instance_store.h"
#include "stacks/supervisor/instance_table.h"
#include "stacks/supervisor/journal.h"
#include "stacks/supervisor/launcher.h"
#include "stacks/supervisor/reconciler.h"
#include "stacks/supervisor/recovery.h"
#include "stacks/supervisor/signaller.h"
#include "stacks/supervisor/status_publisher.h"
#include "stacks/supervisor/stopper.h"

namespace tallyman::stacks {

// Not thread-safe: belongs to the thread of its loop.
class SupervisorCore {
 public:
  struct Options {
    std::string server_uid;
    std::string boot_id;
    std::string directory;  // The data directory, for the keeper's socket.
    std::string program;    // Started as the keeper.
    BackoffOptions backoff;
    // See Supervisor::Options.
    absl::Duration settle_time = absl::Seconds(1);
    absl::Duration action_deadline = absl::Seconds(60);
    int64_t default_open_files = 0;
    int64_t last_signal = 0;  // InstanceStore::LastSignal().
    // Both may be null, and must outlive the core.
    const platform::CgroupParent* cgroups = nullptr;
    OutputWatcher* output_watcher = nullptr;
    NoticeSink notices;  // May be empty.
    // Called with each new status.
    StatusPublisher::Callback publish;
  };

  // All must outlive the core.
  struct Parts {
    base::EventLoop& loop;
    Registry& registry;
    Journal& journal;
    const OutputLogs& logs;
    const platform::ProcessLister& lister;
  };

  SupervisorCore(Options options, const Parts& parts);
  // Commits what the journal holds. Children that are still at the gate end.
  ~SupervisorCore();

  // Takes over the instances of earlier servers. Call it once, before Round().
  void Recover(std::vector<InstanceRecord> records) {
    recovery_.Recover(std::move(records));
  }

  // Does everything that is due between two waits of the loop.
  void Round();

 private:
  Launcher::Callbacks LauncherCallbacks();
  void RefreshDesiredState();
  void Commit();
  // Reports the error of a write and delays the next one.
  void RetryLater(std::string_view event, const absl::Status& why);
  void Notify(const Notice& notice) const;

  const Options options_;
  const Parts parts_;
  std::shared_ptr<const RegistrySnapshot> snapshot_;
  InstanceTable table_;
  Launcher launcher_;
  Stopper stopper_;
  InstanceLifecycle lifecycle_;
  Reconciler reconciler_;
  Signaller signaller_;
  Recovery recovery_;
  StatusPublisher publisher_;
  ActionReporter reporter_;
  base::EventLoop::Registration write_retry_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_SUPERVISOR_CORE_H_
