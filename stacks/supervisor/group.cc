#include "stacks/supervisor/group.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include "absl/time/time.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/supervisor/instance.h"

namespace tallyman::stacks {
namespace {

// As many ends in a row, without being healthy in between, make a loop.
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

}  // namespace

std::vector<Instance*> Group::Staying() const {
  std::vector<Instance*> staying;
  staying.reserve(instances.size());
  for (const auto& [number, instance] : instances) {
    if (!instance->leaving) staying.push_back(instance.get());
  }
  return staying;
}

bool IsOutdated(const Group& group, const Instance& instance) {
  return instance.generation < group.desired.generation ||
         (group.definition != nullptr &&
          instance.launch_hash != group.definition->launch_hash);
}

Plan MakePlan(const Group& group) {
  Plan plan;
  std::vector<Instance*> staying = group.Staying();
  const auto desired = static_cast<size_t>(group.desired.count);
  if (staying.size() > desired) {
    // The oldest first.
    std::sort(staying.begin(), staying.end(),
              [](const Instance* a, const Instance* b) {
                const auto age = [](const Instance* i) {
                  return std::tuple(!i->has_process(),
                                    i->record.launch
                                        ? i->record.launch->started_at
                                        : absl::InfiniteFuture(),
                                    i->key().number);
                };
                return age(a) < age(b);
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

ProcessStatus MakeStatus(const Group& group) {
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
    // What can't be started has no end of its own; this tells why.
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
