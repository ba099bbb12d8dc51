#include "stacks/supervisor/group.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <tuple>
#include <vector>

#include "stacks/model/registry.h"
#include "stacks/supervisor/instance.h"

namespace tallyman::stacks {
namespace {

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

Instance* InstanceGroup::FindStaying(int64_t number) const {
  const auto found = instances.find(number);
  if (found == instances.end() || found->second->leaving) return nullptr;
  return found->second.get();
}

int64_t InstanceGroup::DesiredGeneration(int64_t number) const {
  const auto found = restarts.find(number);
  return found == restarts.end() ? desired.generation
                                 : std::max(desired.generation, found->second);
}

bool IsOutdated(const InstanceGroup& group, const Instance& instance) {
  return instance.generation < group.DesiredGeneration(instance.key().number) ||
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

}  // namespace tallyman::stacks
