#include "stacks/model/process_state.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/model/testing/stack_fixture.h"

namespace tallyman::stacks {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

std::string StateOf(const InstanceCounts& counts) {
  const std::string_view state = ProcessState(counts);
  EXPECT_THAT(kProcessStates, Contains(state));
  return std::string(state);
}

TEST(ProcessStateTest, StartingRunningAndPaused) {
  EXPECT_EQ(StateOf({}), "stopped");
  EXPECT_EQ(StateOf({.desired = 2}), "starting");
  EXPECT_EQ(StateOf({.desired = 2, .running = 1}), "starting");
  EXPECT_EQ(StateOf({.desired = 2, .running = 1, .starting = 1}), "starting");
  EXPECT_EQ(StateOf({.desired = 2, .running = 2}), "running");
  EXPECT_EQ(StateOf({.desired = 2, .running = 2, .paused = 1}), "running");
  EXPECT_EQ(StateOf({.desired = 2, .running = 2, .paused = 2}), "paused");
}

TEST(ProcessStateTest, SurplusInstancesAreStopping) {
  EXPECT_EQ(StateOf({.running = 1}), "stopping");
  EXPECT_EQ(StateOf({.stopping = 1}), "stopping");
  EXPECT_EQ(StateOf({.desired = 1, .running = 2}), "stopping");
  EXPECT_EQ(StateOf({.desired = 1, .running = 1, .stopping = 1}), "stopping");
  // A restart: the stopping instance is replaced.
  EXPECT_EQ(StateOf({.desired = 2, .running = 1, .stopping = 1}), "starting");
}

TEST(ProcessStateTest, EndedInstancesAreCrashLoopingOrDegraded) {
  EXPECT_EQ(StateOf({.desired = 1, .waiting = 1}), "starting");
  EXPECT_EQ(StateOf({.desired = 2, .running = 1, .waiting = 1}), "degraded");
  EXPECT_EQ(StateOf({.desired = 2, .running = 1, .crash_looping = 1}),
            "degraded");
  EXPECT_EQ(StateOf({.desired = 2, .crash_looping = 2}), "crash-looping");
  EXPECT_EQ(StateOf({.desired = 2, .starting = 1, .crash_looping = 1}),
            "crash-looping");
}

class CountsTest : public StackFixture {
 protected:
  bool IsShown(std::string_view server_uid) const {
    return IsDesiredOrRunning(stack_, process(), status_, server_uid);
  }

  // "NAME DESIRED RUNNING PAUSED" of each server.
  std::vector<std::string> Servers(std::string_view server_uid) const {
    std::vector<std::string> lines;
    for (const ServerCounts& counts :
         CountByServer(stack_, process(), registry_, status_, server_uid)) {
      lines.push_back(std::string(counts.name) + " " +
                      std::to_string(counts.desired) + " " +
                      std::to_string(counts.running) + " " +
                      std::to_string(counts.paused));
    }
    EXPECT_EQ(IsShown(server_uid), !lines.empty());
    return lines;
  }
};

TEST_F(CountsTest, CountsInstancesOnOneServerOrAll) {
  SetDesired({{"here", {.count = 2}}, {"there", {.count = 5}}});
  SetInstances({InstanceState::kRunning, InstanceState::kPaused,
                InstanceState::kStarting, InstanceState::kStopping,
                InstanceState::kWaiting, InstanceState::kCrashLooping});
  EXPECT_EQ(CountInstances(stack_, process(), status_, ""),
            (InstanceCounts{.desired = 7,
                            .running = 2,
                            .paused = 1,
                            .starting = 1,
                            .stopping = 1,
                            .waiting = 1,
                            .crash_looping = 1}));
  EXPECT_EQ(CountInstances(stack_, process(), status_, "here").desired, 2);
  EXPECT_EQ(CountInstances(stack_, process(), status_, "here").running, 2);
  EXPECT_EQ(CountInstances(stack_, process(), status_, "there"),
            (InstanceCounts{.desired = 5}));
}

TEST_F(CountsTest, ListsServersByNameAndUnknownOnesByUid) {
  SetDesired({{"here", {.count = 2}}, {"there", {.count = 3}}});
  SetInstances({InstanceState::kRunning, InstanceState::kPaused});
  EXPECT_THAT(Servers(""), ElementsAre("here 2 2 1", "there 3 0 0"));
  registry_.servers = {
      std::make_shared<Server>(Server{.uid = "here", .name = "zeta"}),
      std::make_shared<Server>(Server{.uid = "there", .name = "alpha"})};
  EXPECT_THAT(Servers(""), ElementsAre("alpha 3 0 0", "zeta 2 2 1"));
  EXPECT_THAT(Servers("here"), ElementsAre("zeta 2 2 1"));
  EXPECT_THAT(Servers("there"), ElementsAre("alpha 3 0 0"));
  EXPECT_THAT(Servers("elsewhere"), IsEmpty());
}

TEST_F(CountsTest, ListsServersWhereInstancesStillRun) {
  SetDesired({{"here", {.count = 0}}, {"there", {.count = 1}}});
  SetInstances({InstanceState::kRunning});
  EXPECT_THAT(Servers("here"), ElementsAre("here 0 1 0"));
  SetDesired({});
  EXPECT_THAT(Servers("here"), ElementsAre("here 0 1 0"));
  EXPECT_THAT(Servers(""), ElementsAre("here 0 1 0"));
  EXPECT_THAT(Servers("there"), IsEmpty());
}

TEST_F(CountsTest, OmitsServersWhereInstancesOnlyStop) {
  SetDesired({{"here", {.count = 0}}, {"there", {.count = 1}}});
  SetInstances({InstanceState::kStopping});
  EXPECT_THAT(Servers("here"), IsEmpty());
  EXPECT_THAT(Servers(""), ElementsAre("there 1 0 0"));
  SetDesired({});
  EXPECT_THAT(Servers(""), IsEmpty());
}

TEST_F(CountsTest, FindsTheStatusOfItsServerOnly) {
  EXPECT_EQ(FindStatus(stack_, process(), status_, ""), nullptr);
  SetInstances({InstanceState::kRunning});
  const ProcessStatus* const status = status_.Find("s", "web");
  ASSERT_NE(status, nullptr);
  EXPECT_EQ(FindStatus(stack_, process(), status_, ""), status);
  EXPECT_EQ(FindStatus(stack_, process(), status_, "here"), status);
  EXPECT_EQ(FindStatus(stack_, process(), status_, "there"), nullptr);
}

}  // namespace
}  // namespace tallyman::stacks
