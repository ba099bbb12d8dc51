// The instances of one process of one stack on this machine, and how many are
// wanted.

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
#include "stacks/supervisor/instance.h"

namespace tallyman::stacks {

struct Group {
  std::string stack_uid;
  std::string process;
  // Null once a new definition left it out, or the stack is being removed;
  // `wanted` is none then.
  std::shared_ptr<const Stack> stack;
  std::shared_ptr<const DesiredProcess> definition;
  Desired desired;
  // How its last launches are stopped, also when it has no definition any more.
  StopSequence stop_sequence = StopSequence::Default();
  std::map<int64_t, std::unique_ptr<Instance>> instances;  // By number.

  // Those that are not about to go.
  std::vector<Instance*> Staying() const;
};

using GroupKey = std::pair<std::string, std::string>;  // stack uid, process
using Groups = std::map<GroupKey, Group>;

// True if what an instance runs, or ran last, is not what is wanted now: a
// restart was asked for since, or its definition changed.
bool IsOutdated(const Group& group, const Instance& instance);

// What is to be done so that a group is as it is wanted. Pointers are into it.
struct Plan {
  std::vector<int64_t> add;        // Numbers of new instances.
  std::vector<Instance*> remove;   // For good; the youngest first.
  std::vector<Instance*> restart;  // They run what is not wanted any more.
};

// Survivors are never touched: what runs as it is wanted is in no list. The
// youngest go first, and those that do not run before those that do.
Plan MakePlan(const Group& group);

// As the API shows it.
ProcessStatus MakeStatus(const Group& group);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_GROUP_H_
