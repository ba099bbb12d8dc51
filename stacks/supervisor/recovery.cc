#include "stacks/supervisor/recovery.h"

#include <csignal>
#include <cstdint>
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
#include "stacks/keeper/invocation.h"
#include "stacks/model/event.h"
#include "stacks/supervisor/instance.h"
#include "stacks/supervisor/instance_store.h"

namespace tallyman::stacks {
namespace {

// A child whose server died leaves the gate at once. Until then it is checked
// at this interval, and no longer than kGateTimeout.
constexpr absl::Duration kGateInterval = absl::Milliseconds(20);
constexpr absl::Duration kGateTimeout = absl::Seconds(2);

// True while the process is the child that the keeper forked: it has the
// keeper's arguments until it executes its program.
bool IsAtGate(const platform::ProcessLister& lister, int32_t pid) {
  const absl::StatusOr<platform::ProcessSnapshot> found =
      lister.List({.fields = platform::ProcessField::kArguments,
                   .pids = std::vector<int32_t>{pid}});
  if (!found.ok() || found->processes().empty()) return false;
  return found->processes()[0].arguments.starts_with(kKeeperProcessName);
}

}  // namespace

void Recovery::Recover(std::vector<InstanceRecord> records) {
  bool has_processes = false;
  for (InstanceRecord& record : records) {
    has_processes |= record.launch.has_value();
    RecoverInstance(std::move(record));
  }
  if (has_processes) parts_.launcher.Connect();
  for (const auto& [key, group] : parts_.table.groups()) {
    for (const auto& [number, instance] : group.instances) {
      if (!instance->has_process() || instance->exit) continue;
      if (instance->phase == Phase::kReleased) {
        ConfirmOnceExecuted(*instance, absl::ZeroDuration());
      } else if (!instance->orphan) {
        parts_.journal.AddEvent(EventKind::kAdopted, instance->record,
                                "a new server took over");
      }
    }
  }
}

void Recovery::RecoverInstance(InstanceRecord record) {
  Instance& instance = parts_.table.Add(record.key);
  instance.record = std::move(record);
  if (!instance.record.launch) return;
  const LaunchRecord& launch = *instance.record.launch;
  instance.launch = launch.launch;
  instance.launch_hash = launch.launch_hash;
  instance.generation = launch.generation;
  if (launch.identity.boot_id == options_.boot_id) {
    AdoptProcess(instance);
    return;
  }
  instance.record.last_exit = "ended with the machine, which was started anew";
  instance.record.last_exit_at = absl::Now();
  parts_.journal.AddEvent(EventKind::kLost, instance.record,
                          instance.record.last_exit);
  instance.record.launch.reset();
  parts_.journal.Put(instance.record);
}

void Recovery::AdoptProcess(Instance& instance) {
  const LaunchRecord& launch = *instance.record.launch;
  // An error means that the process has ended; the keeper may know how.
  absl::StatusOr<platform::ProcessHandle> handle =
      platform::ProcessHandle::Open(launch.identity);
  if (handle.ok()) instance.handle = *std::move(handle);
  if (instance.record.paused && launch.confirmed && instance.handle) {
    // The server may have died between its record of the pause and the signal.
    instance.handle->SignalGroup(SIGSTOP).IgnoreError();
  }
  // It may have been launched without one, or below that of another server.
  instance.has_cgroup =
      options_.cgroups != nullptr &&
      !absl::IsNotFound(options_.cgroups->OpenEvents(launch.launch).status());
  instance.phase = launch.confirmed ? Phase::kRunning : Phase::kReleased;
  // The time before is not counted, and need not be: a new server knows of no
  // failures, so the next one is the first however long the program ran.
  instance.running_since = base::EventLoop::Now();
  instance.settled = launch.confirmed;
  if (options_.output_watcher != nullptr) {
    options_.output_watcher->Add(instance.key());
  }
  parts_.launcher.Adopt(instance);
}

// The earlier server died before it released the child, or after that and
// before it learned that the program runs.
void Recovery::ConfirmOnceExecuted(Instance& instance, absl::Duration waited) {
  if (waited < kGateTimeout &&
      IsAtGate(parts_.lister, instance.record.launch->identity.pid)) {
    instance.settle_timer =
        parts_.loop.RunAfter(kGateInterval, [this, &instance, waited] {
          ConfirmOnceExecuted(instance, waited + kGateInterval);
        });
    return;
  }
  // The end of one that has ended meanwhile is reported by the launcher.
  if (instance.handle && !instance.handle->HasEnded()) {
    parts_.launcher.Confirm(instance);
  }
}

}  // namespace tallyman::stacks
