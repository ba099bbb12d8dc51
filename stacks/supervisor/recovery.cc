// InstanceManager: what an earlier server has left.

#include <csignal>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "platform/process.h"
#include "platform/process_handle.h"
#include "platform/process_lister.h"
#include "stacks/keeper/daemon.h"
#include "stacks/model/event.h"
#include "stacks/supervisor/group.h"
#include "stacks/supervisor/instance.h"
#include "stacks/supervisor/instance_manager.h"
#include "stacks/supervisor/instance_store.h"

namespace tallyman::stacks {
namespace {

// A child whose server has died leaves the gate at once; looked at as often
// until then, and not longer than this.
constexpr absl::Duration kLookAgain = absl::Milliseconds(20);
constexpr absl::Duration kLongEnough = absl::Seconds(2);

// True while the process is still the child that the keeper forked, which has
// the keeper's arguments until it executes its program.
bool IsAtTheGate(const platform::ProcessLister& lister, int32_t pid) {
  const absl::StatusOr<platform::ProcessSnapshot> found =
      lister.List({.fields = platform::ProcessField::kArguments,
                   .pids = std::vector<int32_t>{pid}});
  if (!found.ok() || found->processes().empty()) return false;
  return found->processes()[0].arguments.starts_with(kKeeperProcessName);
}

}  // namespace

void InstanceManager::Recover(std::vector<InstanceRecord> records) {
  bool has_processes = false;
  for (InstanceRecord& record : records) {
    has_processes |= record.launch.has_value();
    RecoverInstance(std::move(record));
  }
  if (has_processes) launcher_.Connect();
  for (const auto& [key, group] : groups_) {
    for (const auto& [number, instance] : group.instances) {
      if (!instance->has_process() || instance->exit) continue;
      if (instance->phase == Phase::kReleased) {
        CheckExecuted(*instance, absl::ZeroDuration());
      } else if (!instance->orphan) {
        AddEvent(EventKind::kAdopted, *instance, "a new server took over");
      }
    }
  }
}

void InstanceManager::RecoverInstance(InstanceRecord record) {
  InstanceGroup& group = GroupOf(record.key.stack_uid, record.key.process);
  Instance& instance =
      *group.instances
           .emplace(record.key.number, std::make_unique<Instance>(record.key))
           .first->second;
  instance.record = std::move(record);
  MarkChanged(instance);
  if (!instance.record.launch) return;

  const LaunchRecord& launch = *instance.record.launch;
  instance.launch = launch.launch;
  instance.launch_hash = launch.launch_hash;
  instance.generation = launch.generation;
  if (launch.identity.boot_id != options_.boot_id) {
    instance.record.last_exit =
        "ended with the machine, which was started anew";
    instance.record.last_exit_at = absl::Now();
    AddEvent(EventKind::kLost, instance, instance.record.last_exit);
    instance.record.launch.reset();
    parts_.journal.Put(instance.record);
    return;
  }
  // If it can't be opened it has ended; the keeper may know how.
  absl::StatusOr<platform::ProcessHandle> handle =
      platform::ProcessHandle::Open(launch.identity);
  if (handle.ok()) instance.handle = *std::move(handle);
  if (instance.record.paused && launch.confirmed && instance.handle) {
    // It may run, if the server died while it was stopping it.
    instance.handle->SignalGroup(SIGSTOP).IgnoreError();
  }
  // It may have been launched without one, or below that of another server.
  instance.has_cgroup =
      options_.cgroups != nullptr &&
      !absl::IsNotFound(options_.cgroups->OpenEvents(launch.launch).status());
  instance.phase = launch.confirmed ? Phase::kRunning : Phase::kReleased;
  instance.running_since =
      base::EventLoop::Now() - (absl::Now() - launch.started_at);
  instance.settled = launch.confirmed;
  if (options_.output_watcher != nullptr) {
    options_.output_watcher->Add(instance.key());
  }
  launcher_.Adopt(instance);
}

// An earlier server died between letting it go and hearing that it runs, or
// before letting it go.
void InstanceManager::CheckExecuted(Instance& instance, absl::Duration waited) {
  if (waited < kLongEnough &&
      IsAtTheGate(parts_.lister, instance.record.launch->identity.pid)) {
    instance.settle_timer =
        parts_.loop.RunAfter(kLookAgain, [this, &instance, waited] {
          CheckExecuted(instance, waited + kLookAgain);
        });
    return;
  }
  // One that has ended meanwhile tells so by its end.
  if (instance.handle && !instance.handle->HasEnded()) {
    launcher_.Confirm(instance);
  }
}

}  // namespace tallyman::stacks
