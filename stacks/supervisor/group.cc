#include "stacks/supervisor/group.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <tuple>
#include <vector>

#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/supervisor/instance.h"

namespace tallyman::stacks {
namespace {

// Failures in a row, without a healthy run in between, from which on an
// instance counts as crash-looping.
constexpr int kCrashLoop = 3;

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

// Instances with the highest rank are removed first. Ticks, because the wall
// clock can be set back between two starts.
std::tuple<bool, int64_t, int64_t> RemovalRank(const Instance& instance) {
  return {!instance.has_process(),
          instance.record.launch ? instance.record.launch->identity.start_ticks
                                 : std::numeric_limits<int64_t>::max(),
          instance.key().number};
}

}  // namespace

std::vector<Instance*> InstanceGroup::Staying() const {
  std::vector<Instance*> staying;
  staying.reserve(instances.size());
  for (const auto& [number, instance] : instances) {
    if (!instance->leaving) staying.push_back(instance.get());
  }
  return staying;
}

bool IsOutdated(const InstanceGroup& group, const Instance& instance) {
  return instance.generation < group.desired.generation ||
         (group.definition != nullptr &&
          instance.launch_hash != group.definition->launch_hash);
}

Plan MakePlan(const InstanceGroup& group) {
  Plan plan;
  std::vector<Instance*> staying = group.Staying();
  const auto desired = static_cast<size_t>(group.desired.count);
  if (staying.size() > desired) {
    std::sort(staying.begin(), staying.end(),
              [](const Instance* a, const Instance* b) {
                return RemovalRank(*a) < RemovalRank(*b);
              });
    plan.remove.assign(staying.rbegin(),
                       staying.rend() - static_cast<ptrdiff_t>(desired));
    staying.resize(desired);
  }
  size_t count = staying.size();
  for (int64_t number = 1; count < desired; ++number) {
    if (group.instances.contains(number)) continue;
    plan.add.push_back(number);
    ++count;
  }
  for (Instance* const instance : staying) {
    if (instance->has_process() && IsOutdated(group, *instance) &&
        instance->restart_cause.empty()) {
      plan.restart.push_back(instance);
    }
  }
  return plan;
}

ProcessStatus MakeStatus(const InstanceGroup& group) {
  ProcessStatus status;
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
      if (!instance->exit) one.pid = record.launch->identity.pid;
    }
    if (one.runs()) ++status.running;
    if (one.state == InstanceState::kPaused) ++status.paused;
    status.instances.push_back(std::move(one));
  }
  return status;
}

}  // namespace tallyman::stacks
