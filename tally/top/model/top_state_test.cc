#include "tally/top/model/top_state.h"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tally/top/model/host_process.h"
#include "tally/top/model/input.h"
#include "tally/top/model/moment.h"
#include "tally/top/model/process_columns.h"
#include "tally/top/model/source_values.h"
#include "tally/top/model/text_pane.h"

namespace tallyman::tally {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

using View = TopState::View;
using Pane = TopState::Pane;

class TopStateTest : public ::testing::Test {
 protected:
  TopStateTest() : state_({.server = "http://vm", .key_prefix = "key"}) {
    state_.Resize({.width = 80, .height = 24});
  }

  Moment Now() const {
    return {.steady = now_, .wall = absl::UnixEpoch() + now_};
  }
  void Type(std::string text) {
    for (const char c : text) {
      state_.OnInput(Key{.code = KeyCode::kText, .text = std::string(1, c)},
                     Now());
    }
  }
  void Press(KeyCode code) { state_.OnInput(Key{.code = code}, Now()); }
  void Update(SourceUpdate update) {
    state_.OnUpdate(std::move(update), Now());
  }
  void ShowProcesses() {
    Update(ProcessSnapshot{
        .time = Now().wall,
        .processes = {
            {.pid = 1, .start_time = "a", .name = "init", .memory = 5},
            {.pid = 2, .start_time = "b", .name = "web", .memory = 9}}});
  }
  template <typename T>
  std::vector<T> Requested() {
    std::vector<T> found;
    for (SourceRequest& request : state_.TakeRequests()) {
      if (auto* one = std::get_if<T>(&request)) found.push_back(*one);
    }
    return found;
  }

  absl::Duration now_ = absl::Seconds(1000);
  TopState state_;
};

TEST_F(TopStateTest, WatchesProcessesWhileTheyAreShown) {
  EXPECT_THAT(Requested<WatchProcesses>(), SizeIs(1));
  Type("p");
  EXPECT_TRUE(state_.is_paused());
  EXPECT_THAT(Requested<StopProcesses>(), SizeIs(1));
  Type("p");
  EXPECT_THAT(Requested<WatchProcesses>(), SizeIs(1));
  Type("gs");
  EXPECT_EQ(state_.view(), View::kStacks);
  EXPECT_THAT(Requested<StopProcesses>(), SizeIs(1));
  Press(KeyCode::kTab);
  EXPECT_THAT(Requested<WatchProcesses>(), SizeIs(1));
}

TEST_F(TopStateTest, ASearchForOtherFieldsIsAnotherStream) {
  Requested<WatchProcesses>();
  Type("/read>1");
  const std::vector<WatchProcesses> requests = Requested<WatchProcesses>();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_TRUE(absl::c_linear_search(requests[0].fields, "io_bytes_read"));
  Type("0");
  EXPECT_THAT(state_.TakeRequests(), IsEmpty());
}

TEST_F(TopStateTest, SearchesWhileSomebodyTypes) {
  ShowProcesses();
  Type("/web");
  EXPECT_TRUE(state_.is_searching());
  EXPECT_THAT(state_.processes().rows(), SizeIs(1));
  Press(KeyCode::kBackspace);
  EXPECT_EQ(state_.search_draft(), "we");
  state_.OnInput(Key{.code = KeyCode::kControl, .text = "u"}, Now());
  EXPECT_THAT(state_.processes().rows(), SizeIs(2));
  Type("q?t");  // No keys here.
  EXPECT_FALSE(state_.has_quit());
  EXPECT_EQ(state_.search_draft(), "q?t");
  Press(KeyCode::kEnter);
  EXPECT_FALSE(state_.is_searching());
  Press(KeyCode::kEscape);
  EXPECT_EQ(state_.search_draft(), "");
}

TEST_F(TopStateTest, PastedTextIsASearchOrNothing) {
  state_.OnInput(Paste{.text = "q"}, Now());
  EXPECT_FALSE(state_.has_quit());
  EXPECT_EQ(state_.search_draft(), "");
  Type("/");
  state_.OnInput(Paste{.text = "user:a\nb"}, Now());
  EXPECT_EQ(state_.search_draft(), "user:a b");
}

TEST_F(TopStateTest, TheSecondKeyOfAPairComesSoon) {
  Type("g");
  now_ += absl::Seconds(2);
  Type("s");
  EXPECT_EQ(state_.view(), View::kProcesses);
}

TEST_F(TopStateTest, Quits) {
  Type("q");
  EXPECT_TRUE(state_.has_quit());
  EXPECT_FALSE(state_.was_interrupted());
  state_.OnInput(Key{.code = KeyCode::kControl, .text = "c"}, Now());
  EXPECT_TRUE(state_.was_interrupted());
}

TEST_F(TopStateTest, DetailsAreAskedForAndShown) {
  ShowProcesses();
  Press(KeyCode::kEnter);
  EXPECT_EQ(state_.pane(), Pane::kDetails);
  const std::vector<QueryDetails> queries = Requested<QueryDetails>();
  ASSERT_THAT(queries, SizeIs(1));
  EXPECT_EQ(queries[0].pid, 2);
  Update(DetailsAnswer{.pid = 1, .error = "of another one"});
  EXPECT_EQ(state_.pane_text().lines()[0].text, "loading");
  Update(DetailsAnswer{
      .pid = 2,
      .details = ProcessDetails{.process = {.pid = 2, .name = "w\x1b[2Jeb"}}});
  EXPECT_EQ(state_.pane_title(), "Process 2  w·[2Jeb");
  // A change of the list asks again.
  Update(ProcessDifference{.time = Now().wall + absl::Seconds(2)});
  EXPECT_THAT(Requested<QueryDetails>(), SizeIs(1));
  Press(KeyCode::kEscape);
  EXPECT_EQ(state_.pane(), Pane::kNone);
}

TEST_F(TopStateTest, ALogIsFollowedUntilItIsClosed) {
  Type("gs");
  Update(StackList{.stacks = {{.uid = "u", .name = "shop"}}});
  Update(
      StackContents{.uid = "u", .servers = {}, .processes = {{.name = "web"}}});
  Type("jl");
  ASSERT_EQ(state_.pane(), Pane::kLog);
  const std::vector<FollowLog> logs = Requested<FollowLog>();
  ASSERT_THAT(logs, SizeIs(1));
  EXPECT_EQ(logs[0].process, "web");
  Update(LogLines{.id = logs[0].id,
                  .lines = {{.name = "web.1",
                             .instance = 1,
                             .text = "a\x1b"
                                     "b"}}});
  Update(
      LogLines{.id = logs[0].id - 1, .lines = {{.text = "of an older one"}}});
  ASSERT_THAT(state_.pane_text().lines(), SizeIs(1));
  EXPECT_EQ(state_.pane_text().lines()[0].text, "a·b");
  Press(KeyCode::kEscape);
  EXPECT_THAT(Requested<StopLog>(), SizeIs(1));
}

TEST_F(TopStateTest, AQuestionTakesAllKeysAndNoClick) {
  Type("gs");
  Update(StackList{.stacks = {{.uid = "u", .name = "shop"}}});
  Update(StackContents{
      .uid = "u",
      .servers = {},
      .processes = {{.name = "web",
                     .running = {{"vm", 1}},
                     .instances = {{.server = "vm", .number = 1}}}}});
  Type("jr");
  ASSERT_TRUE(state_.stacks().confirmation());
  Type("j?");
  state_.OnInput(Mouse{.x = kProcessesTab.x, .y = 0}, Now());
  ASSERT_TRUE(state_.stacks().confirmation());
  EXPECT_EQ(state_.view(), View::kStacks);
  Type("q");
  EXPECT_FALSE(state_.stacks().confirmation());
  EXPECT_FALSE(state_.has_quit());
  EXPECT_THAT(Requested<ControlProcess>(), IsEmpty());
  Type("ry");
  EXPECT_THAT(Requested<ControlProcess>(), SizeIs(1));
}

TEST_F(TopStateTest, TheMouseSelectsSortsAndChangesTheView) {
  ShowProcesses();
  state_.OnInput(Mouse{.x = 1, .y = kListTop + 1}, Now());
  EXPECT_EQ(state_.processes().cursor().selected, 1);
  state_.OnInput(Mouse{.x = 1, .y = kListTop + 1}, Now());
  EXPECT_EQ(state_.pane(), Pane::kDetails);
  Press(KeyCode::kEscape);
  state_.OnInput(Mouse{.x = 1, .y = kHeadLine}, Now());
  EXPECT_EQ(state_.processes().order().column, ColumnId::kPid);
  state_.OnInput(Mouse{.x = kStacksTab.x, .y = kTitleLine}, Now());
  EXPECT_EQ(state_.view(), View::kStacks);
}

TEST_F(TopStateTest, ALostConnectionKeepsTheDataAndItsAge) {
  ShowProcesses();
  Update(FeedStatus{.state = FeedStatus::State::kLive});
  const absl::Time lost = Now().wall;
  Update(
      FeedStatus{.state = FeedStatus::State::kWaiting, .message = "refused"});
  now_ += absl::Seconds(30);
  Update(FeedStatus{.state = FeedStatus::State::kConnecting});
  Update(
      FeedStatus{.state = FeedStatus::State::kWaiting, .message = "refused"});
  EXPECT_EQ(state_.connection().lost_at, lost);
  EXPECT_THAT(state_.processes().rows(), SizeIs(2));
  EXPECT_LE(state_.NextTime(Now()), now_ + absl::Seconds(1));
  Update(FeedStatus{.state = FeedStatus::State::kLive});
  EXPECT_EQ(state_.connection().lost_at, absl::InfiniteFuture());
  Type("R");
  EXPECT_THAT(Requested<RetryNow>(), SizeIs(1));
}

TEST_F(TopStateTest, QuietScansSetTheSharesToZero) {
  ShowProcesses();
  EXPECT_EQ(state_.NextTime(Now()), now_ + absl::Seconds(6));
  now_ += absl::Seconds(6);
  state_.OnTime(Now());
  EXPECT_EQ(state_.NextTime(Now()), absl::InfiniteDuration());
}

TEST_F(TopStateTest, HelpOpensAndCloses) {
  Type("?");
  EXPECT_EQ(state_.pane(), Pane::kHelp);
  EXPECT_THAT(state_.pane_text().lines(), ::testing::Not(IsEmpty()));
  Type("?");
  EXPECT_EQ(state_.pane(), Pane::kNone);
}

}  // namespace
}  // namespace tallyman::tally
