// The instances of one process of one stack on this machine, and the plan that
// brings their number and their definition to the desired ones. Values and
// decisions only: nothing here starts or stops a process.

#ifndef TALLYMAN_STACKS_SUPERVISOR_GROUP_H_
#define TALLYMAN_STACKS_SUPERVISOR_GROUP_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/model/stop_sequence.h"
#include "stacks/supervisor/instance.h"

namespace tallyman::stacks {

// Not a process group of the kernel (setpgid(2)): each instance has one.
struct InstanceGroup {
  std::string stack_uid;
  std::string process;
  // Null once the registry no longer defines the process, or the stack is being
  // removed; `desired.count` is 0 then.
  std::shared_ptr<const Stack> stack;
  std::shared_ptr<const DesiredProcess> definition;
  Desired desired;
  // The desired generations of single instances, by number: those of the open
  // actions that restart one.
  std::map<int64_t, int64_t> restarts;
  // The last defined one: instances are stopped by it after `definition` is
  // null.
  StopSequence stop_sequence = StopSequence::Default();
  std::map<int64_t, std::unique_ptr<Instance>> instances;  // By number.
  LifeCounts counts;

  // The instances that are not leaving, by number.
  std::vector<Instance*> Staying() const;
  // The one of them with this number; null if there is none.
  Instance* FindStaying(int64_t number) const;
  // The generation that the instance with this number must at least have.
  int64_t DesiredGeneration(int64_t number) const;
};

using GroupKey = std::pair<std::string, std::string>;  // stack uid, process
using Groups = std::map<GroupKey, InstanceGroup>;

// True if the last launch of an instance predates the desired generation (a
// restart was requested) or its present definition.
bool IsOutdated(const InstanceGroup& group, const Instance& instance);

// The steps from the present instances to the desired ones. The pointers are to
// instances of the group.
struct Plan {
  std::vector<int64_t> add;        // Numbers of new instances, ascending.
  std::vector<Instance*> remove;   // In this order; see MakePlan().
  std::vector<Instance*> restart;  // Outdated ones.
};

// An instance that is neither surplus nor outdated is in no list, so scaling
// never disturbs it. New instances get the lowest free numbers.
//
// Surplus instances are removed in this order:
//   1. those without a process;
//   2. the youngest process first, by the start time that the kernel counts in
//      ticks since boot (ProcessIdentity::start_ticks), which no change of the
//      wall clock affects; a process that is not forked yet is the youngest;
//   3. of those that started in the same tick, the highest number first.
Plan MakePlan(const InstanceGroup& group);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_GROUP_H_
