#include "tally/top/model/stacks_view.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tally/top/model/action_list.h"
#include "tally/top/model/input.h"
#include "tally/top/model/moment.h"
#include "tally/top/model/source_values.h"
#include "tally/top/model/stack_rows.h"
#include "tally/top/model/stack_values.h"

namespace tallyman::tally {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Kind = StackRow::Kind;

Moment At(absl::Duration steady) {
  return {.steady = steady, .wall = absl::UnixEpoch() + steady};
}

Key Text(std::string text) {
  return {.code = KeyCode::kText, .text = std::move(text)};
}

StackProcess Web(int64_t running, int64_t desired) {
  StackProcess web{.name = "web",
                   .command = "serve",
                   .running = {{"vm", running}},
                   .desired = {{"vm", desired}},
                   .state = "running"};
  for (int64_t i = 1; i <= running; ++i) {
    web.instances.push_back(
        {.server = "vm", .number = i, .state = "running", .pid = 100 + i});
  }
  return web;
}

StackContents Contents(int64_t running, int64_t desired) {
  return {.uid = "u1",
          .servers = {{.uid = "s1", .name = "vm"}},
          .processes = {Web(running, desired)}};
}

class StacksViewTest : public ::testing::Test {
 protected:
  StacksViewTest() : view_("key") {
    view_.Resize(20);
    view_.Apply(StackList{.stacks = {{.uid = "u1", .name = "shop"}}});
    view_.Apply(Contents(3, 3));
    Press("j");
  }

  void Press(std::string text, absl::Duration at = absl::ZeroDuration()) {
    view_.OnKey(Text(std::move(text)), At(at));
  }
  std::vector<Kind> Kinds() const {
    std::vector<Kind> kinds;
    for (const StackRow& row : view_.rows()) kinds.push_back(row.kind);
    return kinds;
  }
  const TrackedAction* Action() const {
    for (const StackRow& row : view_.rows()) {
      if (row.action != nullptr) return row.action;
    }
    return nullptr;
  }

  StacksView view_;
};

TEST_F(StacksViewTest, StepsAreSentHalfASecondAfterTheLastKey) {
  Press("+", absl::ZeroDuration());
  Press("+", absl::Milliseconds(400));
  ASSERT_NE(view_.FindStep(view_.rows()[1]), nullptr);
  EXPECT_EQ(view_.FindStep(view_.rows()[1])->count, 5);
  EXPECT_EQ(view_.NextTime(), absl::Milliseconds(900));

  view_.OnTime(At(absl::Milliseconds(899)));
  EXPECT_THAT(view_.TakeRequests(), IsEmpty());
  view_.OnTime(At(absl::Milliseconds(900)));
  const std::vector<SourceRequest> requests = view_.TakeRequests();
  ASSERT_THAT(requests, SizeIs(1));
  const auto& scale = std::get<ScaleProcess>(requests[0]);
  EXPECT_EQ(scale.process, "web");
  EXPECT_EQ(scale.server_uid, "s1");
  EXPECT_EQ(scale.server_name, "vm");
  EXPECT_EQ(scale.count, 5);
  EXPECT_EQ(scale.from, 3);
  EXPECT_EQ(scale.key, "key-1");
  ASSERT_NE(Action(), nullptr);
  EXPECT_EQ(Action()->text, "scale web to 5 on vm");
  EXPECT_EQ(Action()->from, 3);
}

TEST_F(StacksViewTest, AStepBackIsNoStep) {
  Press("+");
  Press("-");
  EXPECT_EQ(view_.FindStep(view_.rows()[1]), nullptr);
  view_.OnTime(At(absl::Seconds(5)));
  EXPECT_THAT(view_.TakeRequests(), IsEmpty());
}

TEST_F(StacksViewTest, EscapeTakesANumberBack) {
  Press("+");
  view_.OnKey({.code = KeyCode::kEscape}, At(absl::ZeroDuration()));
  view_.OnTime(At(absl::Seconds(5)));
  EXPECT_THAT(view_.TakeRequests(), IsEmpty());
}

TEST_F(StacksViewTest, AsksBeforeNoneIsLeft) {
  for (int i = 0; i < 4; ++i) Press("-");  // Not below 0.
  view_.OnTime(At(absl::Seconds(1)));
  EXPECT_THAT(view_.TakeRequests(), IsEmpty());
  ASSERT_TRUE(view_.confirmation());
  EXPECT_EQ(view_.confirmation()->question, "Stop 3 instances of web on vm?");

  view_.Confirm(false, At(absl::Seconds(1)));
  EXPECT_THAT(view_.TakeRequests(), IsEmpty());
  EXPECT_EQ(view_.FindStep(view_.rows()[1]), nullptr);

  for (int i = 0; i < 3; ++i) Press("-", absl::Seconds(2));
  view_.OnTime(At(absl::Seconds(3)));
  view_.Confirm(true, At(absl::Seconds(3)));
  const std::vector<SourceRequest> requests = view_.TakeRequests();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(std::get<ScaleProcess>(requests[0]).count, 0);
}

TEST_F(StacksViewTest, AnActionIsShownUntilItHasEnded) {
  Press("+");
  view_.OnTime(At(absl::Seconds(1)));
  view_.TakeRequests();
  view_.Apply(ActionAccepted{.key = "key-1", .action_id = 7},
              At(absl::Seconds(1)));
  // The number stays until the counts show it.
  ASSERT_NE(view_.FindStep(view_.rows()[1]), nullptr);
  view_.Apply(Contents(3, 4));
  EXPECT_EQ(view_.FindStep(view_.rows()[1]), nullptr);

  view_.Apply({.event = "started", .stack_uid = "u1", .process = "web"},
              At(absl::Seconds(2)));
  EXPECT_EQ(CountsOf(*Action()), "1 started");
  view_.Apply({.event = "action_finished", .stack_uid = "u1", .action_id = 7},
              At(absl::Seconds(2)));
  const std::vector<SourceRequest> requests = view_.TakeRequests();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(std::get<QueryAction>(requests[0]).action_id, 7);

  view_.Apply(ActionEnded{.action_id = 7, .success = true, .message = "4 run"},
              At(absl::Seconds(2)));
  EXPECT_EQ(Action()->state, TrackedAction::State::kDone);
  view_.OnTime(At(absl::Seconds(2) + ActionList::kShown));
  EXPECT_EQ(Action(), nullptr);
}

TEST_F(StacksViewTest, AnOpenActionIsAskedForWithoutAnEvent) {
  Press("+");
  view_.OnTime(At(absl::Seconds(1)));
  view_.Apply(ActionAccepted{.key = "key-1", .action_id = 7},
              At(absl::Seconds(1)));
  view_.TakeRequests();
  EXPECT_EQ(view_.NextTime(), absl::Seconds(1) + ActionList::kAskAgain);
  for (int round = 1; round <= 2; ++round) {
    view_.OnTime(At(absl::Seconds(1) + round * ActionList::kAskAgain));
    EXPECT_THAT(view_.TakeRequests(), SizeIs(1));
  }
  view_.Apply(ActionEnded{.action_id = 7, .success = false, .message = "no"},
              At(absl::Minutes(1)));
  EXPECT_EQ(view_.NextTime(), absl::InfiniteDuration());
}

TEST_F(StacksViewTest, AFailureStaysUntilSomebodyClosesIt) {
  Press("+");
  view_.OnTime(At(absl::Seconds(1)));
  view_.Apply(ActionRefused{.key = "key-1", .message = "needs admin"});
  EXPECT_EQ(view_.FindStep(view_.rows()[1]), nullptr);
  view_.OnTime(At(absl::Hours(1)));
  ASSERT_NE(Action(), nullptr);
  EXPECT_EQ(Action()->message, "needs admin");
  view_.OnKey({.code = KeyCode::kEscape}, At(absl::Hours(1)));
  EXPECT_EQ(Action(), nullptr);
}

TEST_F(StacksViewTest, ActionsOfOthersShow) {
  view_.Apply({.event = "action_started",
               .stack_uid = "u1",
               .cause = "restart web",
               .action_id = 9},
              At(absl::Seconds(1)));
  ASSERT_NE(Action(), nullptr);
  EXPECT_EQ(Action()->text, "restart web");
  view_.Apply({.event = "action_started",
               .stack_uid = "u1",
               .cause = "restart web",
               .action_id = 9},
              At(absl::Seconds(1)));
  EXPECT_THAT(Kinds(),
              ElementsAre(Kind::kStack, Kind::kProcess, Kind::kAction));
}

TEST_F(StacksViewTest, InstancesShowAndHide) {
  view_.OnKey({.code = KeyCode::kEnter}, At(absl::ZeroDuration()));
  EXPECT_THAT(Kinds(),
              ElementsAre(Kind::kStack, Kind::kProcess, Kind::kInstance,
                          Kind::kInstance, Kind::kInstance));
  Press("j");
  EXPECT_EQ(view_.SelectedPid(), 101);
  ASSERT_TRUE(view_.SelectedLog());
  EXPECT_EQ(view_.SelectedLog()->instance, 1);
  Press("r");
  const std::vector<SourceRequest> requests = view_.TakeRequests();
  ASSERT_THAT(requests, SizeIs(1));
  const auto& restart = std::get<ControlProcess>(requests[0]);
  EXPECT_EQ(restart.command, "process_restart");
  EXPECT_EQ(restart.instance, 1);
  EXPECT_EQ(restart.server_uid, "s1");
}

TEST_F(StacksViewTest, RestartAndPauseOfAllAsk) {
  Press("r");
  ASSERT_TRUE(view_.confirmation());
  EXPECT_EQ(view_.confirmation()->question, "Restart 3 instances of web?");
  view_.Confirm(false, At(absl::ZeroDuration()));
  Press("p");
  ASSERT_TRUE(view_.confirmation());
  view_.Confirm(true, At(absl::ZeroDuration()));
  const std::vector<SourceRequest> requests = view_.TakeRequests();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(std::get<ControlProcess>(requests[0]).command, "process_pause");
}

TEST_F(StacksViewTest, SeveralServersHaveRowsOfTheirOwn) {
  StackContents contents = Contents(3, 3);
  contents.servers.push_back({.uid = "s2", .name = "vm2"});
  view_.Apply(std::move(contents));
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kStack, Kind::kProcess, Kind::kServer,
                                   Kind::kServer));
  Press("j");
  Press("j");
  Press("+");
  view_.OnTime(At(absl::Seconds(1)));
  const std::vector<SourceRequest> requests = view_.TakeRequests();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(std::get<ScaleProcess>(requests[0]).server_uid, "s2");
  EXPECT_EQ(std::get<ScaleProcess>(requests[0]).count, 1);
}

TEST_F(StacksViewTest, TroubleShowsTheLastEnd) {
  StackContents contents = Contents(0, 1);
  contents.processes[0].state = "crash-looping";
  contents.processes[0].last_exit = "exited with code 3";
  contents.processes[0].last_output = "no such table";
  view_.Apply(std::move(contents));
  ASSERT_THAT(Kinds(),
              ElementsAre(Kind::kStack, Kind::kProcess, Kind::kTrouble));
  EXPECT_EQ(view_.rows()[2].text, "exited with code 3: no such table");
  Press("j");
  EXPECT_EQ(view_.cursor().selected, 1) << "a line of text is not selected";
}

TEST_F(StacksViewTest, ARemovedStackGoes) {
  view_.Apply(StackList{});
  EXPECT_THAT(view_.rows(), IsEmpty());
  Press("+");
  Press("l");
  EXPECT_EQ(view_.SelectedLog(), std::nullopt);
}

TEST(SummaryOfTest, ReadsTheTextOfAnAction) {
  EXPECT_EQ(SummaryOf("scale web to 5 on vm").process, "web");
  EXPECT_EQ(SummaryOf("scale web to 5 on vm").count, 5);
  EXPECT_EQ(SummaryOf("scale web to 5 on a, 2 on b").count, std::nullopt);
  EXPECT_EQ(SummaryOf("restart instance 2 of web on vm").instance, 2);
  EXPECT_EQ(SummaryOf("restart instance 2 of web on vm").process, "web");
  EXPECT_EQ(SummaryOf("restart all processes").process, "");
  EXPECT_EQ(SummaryOf("signal HUP to web").process, "web");
  EXPECT_EQ(SummaryOf("replace").process, "");
  EXPECT_EQ(SummaryOf("").process, "");
}

}  // namespace
}  // namespace tallyman::tally
