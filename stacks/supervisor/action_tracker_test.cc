#include "stacks/supervisor/action_tracker.h"

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/event_loop.h"
#include "stacks/model/registry.h"
#include "stacks/supervisor/instance.h"
#include "stacks/supervisor/instance_table.h"
#include "stacks/supervisor/signaller.h"

namespace tallyman::stacks {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class ActionTrackerTest : public testing::Test {
 protected:
  // An action of the stack "s" with one target, for the process "web" here.
  static Action OpenAction(ActionKind kind, int64_t count = 0) {
    return {
        .id = 5,
        .kind = kind,
        .stack_uid = "s",
        .targets = {{.process = "web", .server_uid = "here", .count = count}}};
  }

  static RegistrySnapshot SnapshotWith(const Action& action) {
    RegistrySnapshot snapshot;
    snapshot.open = {std::make_shared<const Action>(action)};
    return snapshot;
  }

  // Evaluates once, with a deadline from now on.
  std::vector<TargetOutcome> Evaluate(
      const Action& action, absl::Duration deadline = absl::Hours(1)) {
    ActionTracker tracker({.server_uid = "here", .deadline = deadline}, loop_,
                          [] {});
    return tracker.Evaluate(SnapshotWith(action), table_.groups(), signals_);
  }

  Instance& AddInstance(int64_t number) {
    return table_.Add({.stack_uid = "s", .process = "web", .number = number});
  }
  Instance& AddSettled(int64_t number) {
    Instance& instance = AddInstance(number);
    instance.phase = Phase::kRunning;
    instance.settled = true;
    return instance;
  }

  base::EventLoop loop_;
  InstanceTable table_;
  SignalResults signals_;
};

TEST_F(ActionTrackerTest, AScaleIsReachedOnceAllInstancesAreSettled) {
  AddSettled(1);
  AddSettled(2).settled = false;
  EXPECT_THAT(Evaluate(OpenAction(ActionKind::kProcessScale, 2)), IsEmpty());
  table_.Find({"s", "web"})->instances.at(2)->settled = true;
  const auto outcomes = Evaluate(OpenAction(ActionKind::kProcessScale, 2));
  ASSERT_THAT(outcomes, SizeIs(1));
  EXPECT_EQ(outcomes[0].action_id, 5);
  EXPECT_TRUE(outcomes[0].success);
  EXPECT_EQ(outcomes[0].message, "2 instances of web run");
}

TEST_F(ActionTrackerTest, AScaleToZeroIsReachedWithoutAGroup) {
  const auto outcomes = Evaluate(OpenAction(ActionKind::kProcessScale, 0));
  ASSERT_THAT(outcomes, SizeIs(1));
  EXPECT_TRUE(outcomes[0].success);
}

TEST_F(ActionTrackerTest, ALeavingInstanceDelaysTheScale) {
  AddSettled(1);
  AddSettled(2).leaving = true;
  EXPECT_THAT(Evaluate(OpenAction(ActionKind::kProcessScale, 1)), IsEmpty());
}

TEST_F(ActionTrackerTest, ALateActionFailsWithTheReason) {
  AddSettled(1);
  Instance& broken = AddInstance(2);
  broken.record.last_exit = "exited with code 3";
  broken.record.last_output = "no disk";
  const auto outcomes =
      Evaluate(OpenAction(ActionKind::kProcessScale, 2), absl::ZeroDuration());
  ASSERT_THAT(outcomes, SizeIs(1));
  EXPECT_FALSE(outcomes[0].success);
  EXPECT_EQ(outcomes[0].message,
            "not reached in time: 1 of 2 instances of web run; instance 2 "
            "exited with code 3, its last output: no disk");
}

TEST_F(ActionTrackerTest, TheDeadlineCallsBack) {
  int calls = 0;
  ActionTracker tracker(
      {.server_uid = "here", .deadline = absl::Milliseconds(1)}, loop_,
      [&] { ++calls; });
  AddInstance(1);
  const RegistrySnapshot snapshot =
      SnapshotWith(OpenAction(ActionKind::kProcessScale, 1));
  EXPECT_THAT(tracker.Evaluate(snapshot, table_.groups(), signals_), IsEmpty());
  while (calls == 0) loop_.RunOnce();
  EXPECT_THAT(tracker.Evaluate(snapshot, table_.groups(), signals_), SizeIs(1));
}

TEST_F(ActionTrackerTest, AStopSequenceExtendsTheDeadline) {
  Instance& instance = AddSettled(1);
  instance.leaving = true;
  // The default stop sequence takes 10 s.
  EXPECT_THAT(
      Evaluate(OpenAction(ActionKind::kProcessScale, 0), absl::ZeroDuration()),
      IsEmpty());
}

TEST_F(ActionTrackerTest, ARestartIsReachedByInstancesOfItsGeneration) {
  AddSettled(1).generation = 6;
  table_.Find({"s", "web"})->desired.count = 1;
  Action action = OpenAction(ActionKind::kProcessRestart);
  action.targets[0].generation = 7;
  EXPECT_THAT(Evaluate(action), IsEmpty());
  table_.Find({"s", "web"})->instances.at(1)->generation = 7;
  EXPECT_THAT(Evaluate(action), SizeIs(1));
}

TEST_F(ActionTrackerTest, ARestartOfOneIsReachedByThatInstance) {
  AddSettled(1).generation = 7;
  Instance& instance = AddSettled(2);
  instance.generation = 6;
  Action action = OpenAction(ActionKind::kProcessRestart);
  action.targets[0].generation = 7;
  action.targets[0].instance = 2;
  EXPECT_THAT(Evaluate(action), IsEmpty());
  instance.generation = 7;
  auto outcomes = Evaluate(action);
  ASSERT_THAT(outcomes, SizeIs(1));
  EXPECT_TRUE(outcomes[0].success);
  EXPECT_EQ(outcomes[0].message, "instance 2 of web runs");
  instance.leaving = true;
  outcomes = Evaluate(action);
  ASSERT_THAT(outcomes, SizeIs(1));
  EXPECT_FALSE(outcomes[0].success);
  EXPECT_EQ(outcomes[0].message, "there is no instance 2 of web any more");
}

TEST_F(ActionTrackerTest, ASignalEndsWithItsResult) {
  const Action action = OpenAction(ActionKind::kProcessSignal);
  EXPECT_THAT(Evaluate(action), IsEmpty());
  for (const bool success : {true, false}) {
    signals_[{5, "web"}] = {.success = success, .message = "so"};
    const auto outcomes = Evaluate(action);
    ASSERT_THAT(outcomes, SizeIs(1));
    EXPECT_EQ(outcomes[0].success, success);
    EXPECT_EQ(outcomes[0].message, "so");
  }
}

TEST_F(ActionTrackerTest, APauseIsReachedAtOnce) {
  AddSettled(1).record.paused = true;
  AddSettled(2);
  const auto outcomes = Evaluate(OpenAction(ActionKind::kProcessPause));
  ASSERT_THAT(outcomes, SizeIs(1));
  EXPECT_TRUE(outcomes[0].success);
  EXPECT_EQ(outcomes[0].message, "1 instance of web paused");
}

TEST_F(ActionTrackerTest, ARemovalIsNeverLate) {
  Action action = OpenAction(ActionKind::kStackDelete);
  action.targets[0].process = "";
  AddInstance(1);
  EXPECT_THAT(Evaluate(action, absl::ZeroDuration()), IsEmpty());
  table_.Erase({.stack_uid = "s", .process = "web", .number = 1});
  const auto outcomes = Evaluate(action, absl::ZeroDuration());
  ASSERT_THAT(outcomes, SizeIs(1));
  EXPECT_TRUE(outcomes[0].success);
}

TEST_F(ActionTrackerTest, DecidedTargetsAndThoseOfOtherServersAreLeftOut) {
  Action action = OpenAction(ActionKind::kProcessScale, 0);
  action.targets[0].server_uid = "elsewhere";
  EXPECT_THAT(Evaluate(action), IsEmpty());
  action.targets[0].server_uid = "here";
  action.targets[0].success = true;
  EXPECT_THAT(Evaluate(action), IsEmpty());
}

}  // namespace
}  // namespace tallyman::stacks
