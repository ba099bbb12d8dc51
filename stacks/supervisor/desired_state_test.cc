#include "stacks/supervisor/desired_state.h"

#include <cstdint>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stacks/model/registry.h"
#include "stacks/model/stop_sequence.h"
#include "stacks/supervisor/group.h"
#include "stacks/supervisor/instance.h"
#include "stacks/supervisor/instance_table.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const GroupKey kWeb = {"s", "web"};

class DesiredStateTest : public testing::Test {
 protected:
  static std::shared_ptr<DesiredProcess> Process(const std::string& name,
                                                 int64_t count) {
    auto process = std::make_shared<DesiredProcess>();
    process->definition.name = name;
    process->servers["here"] = {.count = count, .generation = 7};
    process->servers["elsewhere"] = {.count = 99};
    return process;
  }

  // A stack with the process, which may be null.
  static std::shared_ptr<Stack> StackOf(
      const std::shared_ptr<const DesiredProcess>& process) {
    auto stack = std::make_shared<Stack>();
    stack->uid = "s";
    if (process != nullptr) stack->processes = {process};
    return stack;
  }

  void Apply(const std::shared_ptr<const Stack>& stack) {
    RegistrySnapshot snapshot;
    if (stack != nullptr) snapshot.stacks = {stack};
    ApplyDesiredState(snapshot, "here", table_);
  }

  InstanceTable table_;
};

TEST_F(DesiredStateTest, AnOpenRestartOfOneInstanceMakesItOutdated) {
  RegistrySnapshot snapshot;
  snapshot.stacks = {StackOf(Process("web", 2))};
  ApplyDesiredState(snapshot, "here", table_);
  for (const int64_t number : {1, 2}) {
    table_.Add({.stack_uid = "s", .process = "web", .number = number})
        .generation = 7;
  }
  table_.TakeToReconcile();
  Action action = {.kind = ActionKind::kProcessRestart,
                   .stack_uid = "s",
                   .targets = {{.process = "web",
                                .server_uid = "here",
                                .generation = 9,
                                .instance = 2}}};
  const auto apply = [&] {
    snapshot.open = {std::make_shared<const Action>(action)};
    ApplyDesiredState(snapshot, "here", table_);
  };
  const InstanceGroup& group = *table_.Find(kWeb);
  apply();
  EXPECT_THAT(table_.TakeToReconcile(), ElementsAre(kWeb));
  EXPECT_FALSE(IsOutdated(group, *group.instances.at(1)));
  EXPECT_TRUE(IsOutdated(group, *group.instances.at(2)));
  apply();
  EXPECT_THAT(table_.TakeToReconcile(), IsEmpty());
  // Once the target has ended, nothing is desired any more.
  action.targets[0].success = false;
  apply();
  EXPECT_FALSE(IsOutdated(group, *group.instances.at(2)));
  // Nor is it for a target on another server.
  action.targets[0].success.reset();
  action.targets[0].server_uid = "elsewhere";
  apply();
  EXPECT_FALSE(IsOutdated(group, *group.instances.at(2)));
}

TEST_F(DesiredStateTest, AGroupGetsTheStateOfItsServer) {
  const auto process = Process("web", 2);
  process->definition.stop_sequence = StopSequence::Parse("int,1,kill").value();
  const auto stack = StackOf(process);
  Apply(stack);
  ASSERT_NE(table_.Find(kWeb), nullptr);
  const InstanceGroup& group = *table_.Find(kWeb);
  EXPECT_EQ(group.stack, stack);
  EXPECT_EQ(group.definition, process);
  EXPECT_EQ(group.desired, (Desired{.count = 2, .generation = 7}));
  EXPECT_EQ(group.stop_sequence, process->definition.stop_sequence);
  EXPECT_THAT(table_.TakeToReconcile(), ElementsAre(kWeb));
}

TEST_F(DesiredStateTest, OnlyChangedGroupsAreToBeReconciled) {
  const auto process = Process("web", 2);
  Apply(StackOf(process));
  table_.TakeToReconcile();
  Apply(StackOf(process));
  EXPECT_THAT(table_.TakeToReconcile(), IsEmpty());
  Apply(StackOf(Process("web", 3)));
  EXPECT_THAT(table_.TakeToReconcile(), ElementsAre(kWeb));
}

TEST_F(DesiredStateTest, NoGroupIsAddedForACountOfZero) {
  Apply(StackOf(Process("web", 0)));
  EXPECT_EQ(table_.Find(kWeb), nullptr);
  table_.Add({.stack_uid = "s", .process = "web", .number = 1});
  Apply(StackOf(Process("web", 0)));
  EXPECT_NE(table_.Find(kWeb)->definition, nullptr);
}

TEST_F(DesiredStateTest, AProcessThatIsLeftOutKeepsItsStopSequenceOnly) {
  const auto process = Process("web", 2);
  process->definition.stop_sequence = StopSequence::Parse("int,1,kill").value();
  Apply(StackOf(process));
  table_.TakeToReconcile();
  Apply(StackOf(nullptr));
  const InstanceGroup& group = *table_.Find(kWeb);
  EXPECT_EQ(group.stack, nullptr);
  EXPECT_EQ(group.definition, nullptr);
  EXPECT_EQ(group.desired.count, 0);
  EXPECT_EQ(group.stop_sequence, process->definition.stop_sequence);
  EXPECT_THAT(table_.TakeToReconcile(), ElementsAre(kWeb));
  // That is no news the second time.
  Apply(StackOf(nullptr));
  EXPECT_THAT(table_.TakeToReconcile(), IsEmpty());
}

TEST_F(DesiredStateTest, NothingIsDesiredOfAStackThatIsBeingRemovedOrGone) {
  for (const bool gone : {false, true}) {
    Apply(StackOf(Process("web", 2)));
    ASSERT_EQ(table_.Find(kWeb)->desired.count, 2);
    auto stack = StackOf(Process("web", 2));
    stack->deleting = true;
    Apply(gone ? nullptr : stack);
    EXPECT_EQ(table_.Find(kWeb)->definition, nullptr);
    EXPECT_EQ(table_.Find(kWeb)->desired.count, 0);
  }
}

}  // namespace
}  // namespace tallyman::stacks
