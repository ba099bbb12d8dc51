#include "stacks/model/stack_health.h"

#include <memory>

#include "gtest/gtest.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/model/testing/stack_fixture.h"

namespace tallyman::stacks {
namespace {

class StackHealthTest : public StackFixture {
 protected:
  Health Get() const { return StackHealth(stack_, registry_, status_); }
};

TEST_F(StackHealthTest, IsHealthyWhenAllDesiredInstancesRun) {
  EXPECT_EQ(Get(), Health::kBuilding);
  SetInstances({InstanceState::kRunning, InstanceState::kStarting});
  EXPECT_EQ(Get(), Health::kBuilding);
  SetInstances({InstanceState::kRunning, InstanceState::kPaused});
  EXPECT_EQ(Get(), Health::kHealthy);
  SetInstances({InstanceState::kRunning, InstanceState::kRunning,
                InstanceState::kStopping});
  EXPECT_EQ(Get(), Health::kBuilding);
}

TEST_F(StackHealthTest, IsHealthyWhenNothingIsDesired) {
  SetDesired({});
  EXPECT_EQ(Get(), Health::kHealthy);
  stack_.processes.clear();
  EXPECT_EQ(Get(), Health::kHealthy);
}

TEST_F(StackHealthTest, IsBuildingWhileAnActionIsOpen) {
  SetInstances({InstanceState::kRunning, InstanceState::kRunning});
  auto action = std::make_shared<Action>();
  action->stack_uid = "other";
  registry_.open = {action};
  EXPECT_EQ(Get(), Health::kHealthy);
  auto own = std::make_shared<Action>();
  own->stack_uid = "s";
  registry_.open.push_back(own);
  EXPECT_EQ(Get(), Health::kBuilding);
  registry_.open.clear();
  stack_.deleting = true;
  EXPECT_EQ(Get(), Health::kBuilding);
}

TEST_F(StackHealthTest, IsImpairedOrFailedWhenInstancesEnd) {
  SetInstances({InstanceState::kRunning, InstanceState::kWaiting});
  EXPECT_EQ(Get(), Health::kImpaired);
  SetInstances({InstanceState::kRunning, InstanceState::kCrashLooping});
  EXPECT_EQ(Get(), Health::kImpaired);
  SetInstances({InstanceState::kStarting, InstanceState::kCrashLooping});
  EXPECT_EQ(Get(), Health::kFailed);
}

TEST_F(StackHealthTest, IsUnknownWhenAllInstancesAreOnOtherServers) {
  SetDesired({{"there", {.count = 1}}});
  EXPECT_EQ(Get(), Health::kUnknown);
}

}  // namespace
}  // namespace tallyman::stacks
