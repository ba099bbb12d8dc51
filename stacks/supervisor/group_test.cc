#include "stacks/supervisor/group.h"

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stacks/model/instance_key.h"
#include "stacks/model/registry.h"
#include "stacks/supervisor/instance.h"
#include "stacks/supervisor/instance_store.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class GroupTest : public testing::Test {
 protected:
  GroupTest() {
    auto definition = std::make_shared<DesiredProcess>();
    definition->launch_hash = "now";
    group_.stack_uid = "stack";
    group_.process = "worker";
    group_.definition = definition;
  }

  // An instance whose process started at `start_ticks` since boot.
  Instance& AddRunning(int64_t number, int64_t start_ticks) {
    Instance& instance = AddWaiting(number);
    instance.phase = Phase::kRunning;
    instance.launch_hash = "now";
    instance.record.launch =
        LaunchRecord{.identity = {.pid = static_cast<int32_t>(100 + number),
                                  .start_ticks = start_ticks},
                     .started_at = absl::FromUnixSeconds(start_ticks),
                     .confirmed = true};
    return instance;
  }
  Instance& AddWaiting(int64_t number) {
    return *group_.instances
                .emplace(number, std::make_unique<Instance>(
                                     InstanceKey{"stack", "worker", number}))
                .first->second;
  }

  static std::vector<int64_t> Numbers(const std::vector<Instance*>& instances) {
    std::vector<int64_t> numbers;
    numbers.reserve(instances.size());
    for (const Instance* instance : instances) {
      numbers.push_back(instance->key().number);
    }
    return numbers;
  }

  InstanceGroup group_;
};

TEST_F(GroupTest, ThePlanIsEmptyIfThePresentStateIsTheDesiredOne) {
  AddRunning(1, 10);
  AddRunning(2, 11);
  group_.desired.count = 2;
  const Plan plan = MakePlan(group_);
  EXPECT_THAT(plan.add, IsEmpty());
  EXPECT_THAT(plan.remove, IsEmpty());
  EXPECT_THAT(plan.restart, IsEmpty());
}

TEST_F(GroupTest, NewInstancesGetTheLowestFreeNumbers) {
  AddRunning(2, 10);
  AddRunning(4, 10).leaving = true;
  group_.desired.count = 4;
  EXPECT_THAT(MakePlan(group_).add, ElementsAre(1, 3, 5));
}

TEST_F(GroupTest, TheYoungestProcessesGoFirst) {
  AddRunning(1, 30);
  AddRunning(2, 10);
  AddRunning(3, 20);
  group_.desired.count = 1;
  EXPECT_THAT(Numbers(MakePlan(group_).remove), ElementsAre(1, 3));
}

// Instance 1 starts, the wall clock is set back, instance 2 starts.
TEST_F(GroupTest, AStepOfTheWallClockDoesNotChangeTheOrder) {
  AddRunning(1, 1000).record.launch->started_at = absl::FromUnixSeconds(100);
  AddRunning(2, 1001).record.launch->started_at = absl::FromUnixSeconds(50);
  group_.desired.count = 1;
  EXPECT_THAT(Numbers(MakePlan(group_).remove), ElementsAre(2));
}

TEST_F(GroupTest, AProcessThatIsNotForkedYetIsTheYoungest) {
  AddWaiting(1).phase = Phase::kSpawning;
  AddRunning(2, 10);
  group_.desired.count = 1;
  EXPECT_THAT(Numbers(MakePlan(group_).remove), ElementsAre(1));
}

TEST_F(GroupTest, OfEqualStartTimesTheHighestNumberGoesFirst) {
  AddRunning(1, 10);
  AddRunning(2, 10);
  AddRunning(3, 10);
  group_.desired.count = 2;
  EXPECT_THAT(Numbers(MakePlan(group_).remove), ElementsAre(3));
}

TEST_F(GroupTest, InstancesWithoutAProcessGoFirst) {
  AddWaiting(1);
  AddRunning(2, 10);
  AddWaiting(3).phase = Phase::kSpawning;
  group_.desired.count = 2;
  EXPECT_THAT(Numbers(MakePlan(group_).remove), ElementsAre(1));
}

TEST_F(GroupTest, LeavingInstancesDoNotCount) {
  AddRunning(1, 10);
  AddRunning(2, 20).leaving = true;
  group_.desired.count = 1;
  const Plan plan = MakePlan(group_);
  EXPECT_THAT(plan.add, IsEmpty());
  EXPECT_THAT(plan.remove, IsEmpty());
}

TEST_F(GroupTest, InstancesOfAnOlderDefinitionOrGenerationAreRestarted) {
  AddRunning(1, 10);
  AddRunning(2, 10).launch_hash = "before";
  AddRunning(3, 10).generation = 5;
  group_.desired = {.count = 3, .generation = 5};
  EXPECT_THAT(Numbers(MakePlan(group_).restart), ElementsAre(1, 2));
  group_.desired.generation = 0;
  EXPECT_THAT(Numbers(MakePlan(group_).restart), ElementsAre(2));
}

TEST_F(GroupTest, AnInstanceThatIsBeingRestartedIsNotRestartedAgain) {
  Instance& instance = AddRunning(1, 10);
  instance.launch_hash = "before";
  instance.restart_cause = "its definition changed";
  group_.desired.count = 1;
  EXPECT_THAT(MakePlan(group_).restart, IsEmpty());
}

}  // namespace
}  // namespace tallyman::stacks
