// Makes what runs on this machine what is wanted: starts, stops and restarts
// instances, adopts those of an earlier server, and tells when actions are
// done. The heart of the supervisor, without its thread.

#ifndef TALLYMAN_STACKS_SUPERVISOR_INSTANCE_MANAGER_H_
#define TALLYMAN_STACKS_SUPERVISOR_INSTANCE_MANAGER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "platform/cgroup.h"
#include "platform/process_lister.h"
#include "stacks/model/event.h"
#include "stacks/model/notice.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/output/output_log.h"
#include "stacks/output/output_watcher.h"
#include "stacks/supervisor/action_tracker.h"
#include "stacks/supervisor/backoff.h"
#include "stacks/supervisor/group.h"
#include "stacks/supervisor/instance.h"
#include "stacks/supervisor/instance_store.h"
#include "stacks/supervisor/journal.h"
#include "stacks/supervisor/launcher.h"
#include "stacks/supervisor/stopper.h"

namespace tallyman::stacks {

// Not thread-safe: lives in the thread of its loop.
class InstanceManager {
 public:
  struct Options {
    std::string server_uid;
    std::string boot_id;
    std::string directory;  // The data directory, for the keeper's socket.
    std::string program;    // To start as a keeper.
    BackoffOptions backoff;
    // How long an instance has to run before it counts as running for an
    // action: a process that dies at once is not running.
    absl::Duration settle_time = absl::Seconds(1);
    absl::Duration action_deadline = absl::Seconds(60);
    // RLIMIT_NOFILE of instances without a limit of their own; 0: the keeper's.
    int64_t default_open_files = 0;
    const platform::CgroupParent* cgroups = nullptr;  // May be null.
    OutputWatcher* output_watcher = nullptr;          // May be null.
    NoticeSink notices;                               // May be empty.
    // Called when what the API shows has changed.
    std::function<void(std::shared_ptr<const StatusSnapshot>)> publish;
  };

  // All must outlive the manager.
  struct Parts {
    base::EventLoop& loop;
    Registry& registry;
    Journal& journal;
    const OutputLogs& logs;
    const platform::ProcessLister& lister;
  };

  InstanceManager(Options options, const Parts& parts);
  ~InstanceManager();

  // Takes over what an earlier server left. Once, before Round().
  void Recover(std::vector<InstanceRecord> records);

  // Everything that is to be done between two waits of the loop.
  void Round();

 private:
  // Recovery (recovery.cc).
  void RecoverInstance(InstanceRecord record);
  void CheckExecuted(Instance& instance, absl::Duration waited);

  // What is wanted.
  void Refresh();
  void Reconcile(InstanceGroup& group);
  void ApplyPauses();
  void SetPaused(InstanceGroup& group, bool paused, const Action& action);
  InstanceGroup& GroupOf(const std::string& stack_uid,
                         const std::string& process);
  InstanceGroup& GroupOf(const Instance& instance);
  void MarkChanged(const Instance& instance);

  // One instance (instance_life.cc).
  void Add(InstanceGroup& group, int64_t number);
  void StartIfDue(Instance& instance);
  absl::Status Start(InstanceGroup& group, Instance& instance);
  void Stop(Instance& instance, std::string cause);
  void OnHeld(Instance& instance);
  void OnRunning(Instance& instance);
  void OnEnded(Instance& instance);
  void OnGone(Instance& instance);
  void OnUnstarted(Instance& instance);
  void OnStartFailed(Instance& instance, const absl::Status& why);
  void RetryAfterFailure(Instance& instance, absl::Duration ran);
  void Erase(Instance& instance);
  void RecordExit(Instance& instance);

  void Commit();
  // After a write that failed.
  void RetryLater(std::string_view event, const absl::Status& why);
  void ReportActions();
  void RemoveOutput(int64_t action_id);
  void Publish();
  void AddEvent(EventKind kind, const Instance& instance, std::string cause);
  void Tell(const Notice& notice) const;

  const Options options_;
  const Parts parts_;
  absl::BitGen random_;
  std::shared_ptr<const RegistrySnapshot> snapshot_;
  Groups groups_;
  Launcher launcher_;
  Stopper stopper_;
  ActionTracker actions_;
  std::set<GroupKey> to_reconcile_;
  // To be reconciled once the launcher can take more.
  std::set<GroupKey> waiting_for_room_;
  std::set<GroupKey> to_publish_;
  std::set<int64_t> seen_actions_;  // Open ones that were applied.
  std::shared_ptr<const StatusSnapshot> status_;
  bool actions_may_have_ended_ = true;
  base::EventLoop::Registration commit_retry_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_INSTANCE_MANAGER_H_
