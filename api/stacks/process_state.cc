#include "api/stacks/process_state.h"

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/algorithm/container.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"

namespace tallyman::api {
namespace {

void CountStatus(const stacks::ProcessStatus& status, InstanceCounts& counts) {
  counts.running = status.running;
  counts.paused = status.paused;
  for (const stacks::InstanceStatus& instance : status.instances) {
    switch (instance.state) {
      case stacks::InstanceState::kRunning:
      case stacks::InstanceState::kPaused:
        break;
      case stacks::InstanceState::kStarting:
        ++counts.starting;
        break;
      case stacks::InstanceState::kStopping:
        ++counts.stopping;
        break;
      case stacks::InstanceState::kWaiting:
        ++counts.waiting;
        break;
      case stacks::InstanceState::kCrashLooping:
        ++counts.crash_looping;
        break;
    }
  }
}

}  // namespace

InstanceCounts& InstanceCounts::operator+=(const InstanceCounts& other) {
  desired += other.desired;
  running += other.running;
  paused += other.paused;
  starting += other.starting;
  stopping += other.stopping;
  waiting += other.waiting;
  crash_looping += other.crash_looping;
  return *this;
}

InstanceCounts CountInstances(const stacks::Stack& stack,
                              const stacks::DesiredProcess& process,
                              const stacks::StatusSnapshot& status,
                              std::string_view server_uid) {
  InstanceCounts counts;
  if (server_uid.empty() || server_uid == status.server_uid) {
    if (const stacks::ProcessStatus* const found =
            status.Find(stack.uid, process.definition.name)) {
      CountStatus(*found, counts);
    }
  }
  for (const auto& [uid, desired] : process.servers) {
    if (server_uid.empty() || uid == server_uid)
      counts.desired += desired.count;
  }
  return counts;
}

std::string_view ProcessState(const InstanceCounts& counts) {
  const int64_t ended = counts.waiting + counts.crash_looping;
  const int64_t present =
      counts.running + counts.starting + counts.stopping + ended;
  if (counts.desired == 0) return present == 0 ? "stopped" : "stopping";
  if (counts.running == 0 && counts.crash_looping > 0) return "crash-looping";
  if (counts.running > 0 && ended > 0) return "degraded";
  if (counts.running < counts.desired) return "starting";
  if (present > counts.desired) return "stopping";
  return counts.paused == counts.running ? "paused" : "running";
}

Health StackHealth(const stacks::Stack& stack,
                   const stacks::RegistrySnapshot& registry,
                   const stacks::StatusSnapshot& status) {
  InstanceCounts all;
  int64_t desired_here = 0;
  for (const std::shared_ptr<const stacks::DesiredProcess>& process :
       stack.processes) {
    all += CountInstances(stack, *process, status, "");
    desired_here +=
        CountInstances(stack, *process, status, status.server_uid).desired;
  }
  if (all.desired > 0 && desired_here == 0) return Health::kUnknown;
  if (all.running == 0 && all.crash_looping > 0) return Health::kFailed;
  if (all.waiting + all.crash_looping > 0) return Health::kImpaired;
  const bool is_busy =
      stack.deleting ||
      absl::c_any_of(registry.open,
                     [&](const std::shared_ptr<const stacks::Action>& action) {
                       return action->stack_uid == stack.uid;
                     });
  if (is_busy || all.running != all.desired ||
      all.starting + all.stopping > 0) {
    return Health::kBuilding;
  }
  return Health::kHealthy;
}

}  // namespace tallyman::api
