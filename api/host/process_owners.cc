#include "api/host/process_owners.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/process.h"

namespace tallyman::api {

ProcessOwners::ProcessOwners(std::vector<RunningInstance> instances)
    : instances_(std::move(instances)) {
  for (size_t i = 0; i < instances_.size(); ++i) {
    const RunningInstance& instance = instances_[i];
    if (instance.pid > 0) by_pid_.emplace(instance.pid, i);
    if (!instance.launch.empty()) by_launch_.emplace(instance.launch, i);
  }
}

const ProcessOwners& ProcessOwners::None() {
  static const ProcessOwners& none = *new ProcessOwners;
  return none;
}

const RunningInstance* ProcessOwners::Find(
    const platform::Process& process) const {
  if (instances_.empty()) return nullptr;
  const auto own = by_pid_.find(process.pid);
  if (own != by_pid_.end() &&
      instances_[own->second].start_ticks == process.start_ticks) {
    return &instances_[own->second];
  }
  if (const RunningInstance* const found = FindByCgroup(process)) return found;
  const auto leader = by_pid_.find(process.session);
  if (leader == by_pid_.end() ||
      process.start_ticks < instances_[leader->second].start_ticks) {
    return nullptr;
  }
  return &instances_[leader->second];
}

const RunningInstance* ProcessOwners::FindByCgroup(
    const platform::Process& process) const {
  std::string_view path = process.cgroup;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    const auto found = by_launch_.find(path.substr(0, end));
    if (found != by_launch_.end() &&
        process.start_ticks >= instances_[found->second].start_ticks) {
      return &instances_[found->second];
    }
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return nullptr;
}

}  // namespace tallyman::api
