#include "api/stacks/process_state.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"

namespace tallyman::api {
namespace {

using stacks::InstanceState;

std::string StateOf(const InstanceCounts& counts) {
  return std::string(ProcessState(counts));
}

TEST(ProcessStateTest, IsOneWord) {
  EXPECT_EQ(StateOf({}), "stopped");
  EXPECT_EQ(StateOf({.desired = 2}), "starting");
  EXPECT_EQ(StateOf({.desired = 2, .running = 1}), "starting");
  EXPECT_EQ(StateOf({.desired = 2, .running = 1, .starting = 1}), "starting");
  EXPECT_EQ(StateOf({.desired = 2, .running = 2}), "running");
  EXPECT_EQ(StateOf({.desired = 2, .running = 2, .paused = 1}), "running");
  EXPECT_EQ(StateOf({.desired = 2, .running = 2, .paused = 2}), "paused");
}

TEST(ProcessStateTest, WhatIsTooManyIsBeingStopped) {
  EXPECT_EQ(StateOf({.running = 1}), "stopping");
  EXPECT_EQ(StateOf({.stopping = 1}), "stopping");
  EXPECT_EQ(StateOf({.desired = 1, .running = 2}), "stopping");
  EXPECT_EQ(StateOf({.desired = 1, .running = 1, .stopping = 1}), "stopping");
  // A restart: what stops is replaced.
  EXPECT_EQ(StateOf({.desired = 2, .running = 1, .stopping = 1}), "starting");
}

TEST(ProcessStateTest, WhatEndsAgainAndAgainIsCrashLoopingOrDegraded) {
  EXPECT_EQ(StateOf({.desired = 1, .waiting = 1}), "starting");
  EXPECT_EQ(StateOf({.desired = 2, .running = 1, .waiting = 1}), "degraded");
  EXPECT_EQ(StateOf({.desired = 2, .running = 1, .crash_looping = 1}),
            "degraded");
  EXPECT_EQ(StateOf({.desired = 2, .crash_looping = 2}), "crash-looping");
  EXPECT_EQ(StateOf({.desired = 2, .starting = 1, .crash_looping = 1}),
            "crash-looping");
}

// A stack "s" with one process "web" on the server "here" and others.
class StackHealthTest : public testing::Test {
 protected:
  StackHealthTest() {
    stack_.uid = "s";
    status_.server_uid = "here";
    Want({{"here", {.count = 2}}});
  }

  void Want(std::map<std::string, stacks::Desired, std::less<>> servers) {
    auto process = std::make_shared<stacks::DesiredProcess>();
    process->definition.name = "web";
    process->servers = std::move(servers);
    stack_.processes = {process};
  }

  void Run(const std::vector<InstanceState>& states) {
    auto status = std::make_shared<stacks::ProcessStatus>();
    for (const InstanceState state : states) {
      status->instances.push_back({.state = state});
      status->running += status->instances.back().runs() ? 1 : 0;
      status->paused += state == InstanceState::kPaused ? 1 : 0;
    }
    status_.processes[{"s", "web"}] = status;
  }

  Health Get() const { return StackHealth(stack_, registry_, status_); }

  stacks::Stack stack_;
  stacks::RegistrySnapshot registry_;
  stacks::StatusSnapshot status_;
};

TEST_F(StackHealthTest, CountsInstancesByServer) {
  Want({{"here", {.count = 2}}, {"there", {.count = 5}}});
  Run({InstanceState::kRunning, InstanceState::kPaused,
       InstanceState::kStarting, InstanceState::kStopping,
       InstanceState::kWaiting, InstanceState::kCrashLooping});
  const stacks::DesiredProcess& process = *stack_.processes[0];
  EXPECT_EQ(CountInstances(stack_, process, status_, ""),
            (InstanceCounts{.desired = 7,
                            .running = 2,
                            .paused = 1,
                            .starting = 1,
                            .stopping = 1,
                            .waiting = 1,
                            .crash_looping = 1}));
  EXPECT_EQ(CountInstances(stack_, process, status_, "here").desired, 2);
  EXPECT_EQ(CountInstances(stack_, process, status_, "here").running, 2);
  EXPECT_EQ(CountInstances(stack_, process, status_, "there"),
            (InstanceCounts{.desired = 5}));
}

TEST_F(StackHealthTest, IsHealthyWhenAllThatIsDesiredRuns) {
  EXPECT_EQ(Get(), Health::kBuilding);
  Run({InstanceState::kRunning, InstanceState::kStarting});
  EXPECT_EQ(Get(), Health::kBuilding);
  Run({InstanceState::kRunning, InstanceState::kPaused});
  EXPECT_EQ(Get(), Health::kHealthy);
  Run({InstanceState::kRunning, InstanceState::kRunning,
       InstanceState::kStopping});
  EXPECT_EQ(Get(), Health::kBuilding);
}

TEST_F(StackHealthTest, IsHealthyWhenNothingIsDesired) {
  Want({});
  EXPECT_EQ(Get(), Health::kHealthy);
  stack_.processes.clear();
  EXPECT_EQ(Get(), Health::kHealthy);
}

TEST_F(StackHealthTest, IsBuildingWhileAnActionIsUnderWay) {
  Run({InstanceState::kRunning, InstanceState::kRunning});
  auto action = std::make_shared<stacks::Action>();
  action->stack_uid = "other";
  registry_.open = {action};
  EXPECT_EQ(Get(), Health::kHealthy);
  auto own = std::make_shared<stacks::Action>();
  own->stack_uid = "s";
  registry_.open.push_back(own);
  EXPECT_EQ(Get(), Health::kBuilding);
  registry_.open.clear();
  stack_.deleting = true;
  EXPECT_EQ(Get(), Health::kBuilding);
}

TEST_F(StackHealthTest, IsImpairedOrFailedWhenInstancesEnd) {
  Run({InstanceState::kRunning, InstanceState::kWaiting});
  EXPECT_EQ(Get(), Health::kImpaired);
  Run({InstanceState::kRunning, InstanceState::kCrashLooping});
  EXPECT_EQ(Get(), Health::kImpaired);
  Run({InstanceState::kStarting, InstanceState::kCrashLooping});
  EXPECT_EQ(Get(), Health::kFailed);
}

TEST_F(StackHealthTest, IsUnknownWhereNothingIsSeen) {
  Want({{"there", {.count = 1}}});
  EXPECT_EQ(Get(), Health::kUnknown);
}

}  // namespace
}  // namespace tallyman::api
