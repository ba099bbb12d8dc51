#include "stacks/supervisor/status_publisher.h"

#include <memory>
#include <set>
#include <utility>

#include "stacks/model/status.h"
#include "stacks/supervisor/backoff.h"
#include "stacks/supervisor/group.h"
#include "stacks/supervisor/instance.h"
#include "stacks/supervisor/instance_store.h"
#include "stacks/supervisor/instance_table.h"

namespace tallyman::stacks {
namespace {

InstanceState StateOf(const Instance& instance) {
  if (!instance.has_process()) {
    return instance.failures >= kCrashLoop ? InstanceState::kCrashLooping
           : instance.failures > 0         ? InstanceState::kWaiting
                                           : InstanceState::kStarting;
  }
  if (instance.stopping || instance.exit || instance.leaving) {
    return InstanceState::kStopping;
  }
  if (instance.phase != Phase::kRunning) return InstanceState::kStarting;
  return instance.record.paused ? InstanceState::kPaused
                                : InstanceState::kRunning;
}

}  // namespace

ProcessStatus MakeStatus(const InstanceGroup& group) {
  ProcessStatus status{.counts = group.counts};
  status.instances.reserve(group.instances.size());
  for (const auto& [number, instance] : group.instances) {
    const InstanceRecord& record = instance->record;
    InstanceStatus one{.number = number,
                       .state = StateOf(*instance),
                       .restarts = record.restarts,
                       .last_exit = record.last_exit,
                       .last_exit_at = record.last_exit_at,
                       .last_output = record.last_output,
                       .next_start = instance->next_start};
    // An instance that never started has no exit: show why it can't start.
    if (one.last_exit.empty()) one.last_exit = instance->failure;
    if (record.launch) {
      one.started_at = record.launch->started_at;
      one.launch = record.launch->launch;
      one.start_ticks = record.launch->identity.start_ticks;
      if (!instance->exit) one.pid = record.launch->identity.pid;
    }
    if (one.runs()) ++status.running;
    if (one.state == InstanceState::kPaused) ++status.paused;
    status.instances.push_back(std::move(one));
  }
  return status;
}

void StatusPublisher::Publish(InstanceTable& table) {
  const std::set<GroupKey> changed = table.TakeToPublish();
  if (changed.empty()) return;
  auto next = std::make_shared<StatusSnapshot>(*status_);
  for (const GroupKey& key : changed) {
    const InstanceGroup* const group = table.Find(key);
    if (group == nullptr || group->instances.empty()) {
      next->processes.erase(key);
    } else {
      next->processes[key] =
          std::make_shared<const ProcessStatus>(MakeStatus(*group));
    }
  }
  status_ = next;
  publish_(status_);
}

}  // namespace tallyman::stacks
