// A stack of one process and its status, for tests of the rules over both.

#ifndef TALLYMAN_STACKS_MODEL_TESTING_STACK_FIXTURE_H_
#define TALLYMAN_STACKS_MODEL_TESTING_STACK_FIXTURE_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"

namespace tallyman::stacks {

// The stack "s" has the process "web" on the server "here", whose status it
// holds, and on others.
class StackFixture : public testing::Test {
 protected:
  StackFixture() {
    stack_.uid = "s";
    status_.server_uid = "here";
    SetDesired({{"here", {.count = 2}}});
  }

  const DesiredProcess& process() const { return *stack_.processes[0]; }

  void SetDesired(std::map<std::string, Desired, std::less<>> servers) {
    auto process = std::make_shared<DesiredProcess>();
    process->definition.name = "web";
    process->servers = std::move(servers);
    stack_.processes = {process};
  }

  // Replaces the instances of "web".
  void SetInstances(const std::vector<InstanceState>& states) {
    auto status = std::make_shared<ProcessStatus>();
    for (const InstanceState state : states) {
      status->instances.push_back({.state = state});
      status->running += status->instances.back().runs() ? 1 : 0;
      status->paused += state == InstanceState::kPaused ? 1 : 0;
    }
    status_.processes[{"s", "web"}] = status;
  }

  Stack stack_;
  RegistrySnapshot registry_;
  StatusSnapshot status_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_MODEL_TESTING_STACK_FIXTURE_H_
