#include "tally/top/view/render.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "ftxui/screen/color.hpp"
#include "ftxui/screen/screen.hpp"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tally/top/model/host_process.h"
#include "tally/top/model/input.h"
#include "tally/top/model/moment.h"
#include "tally/top/model/source_values.h"
#include "tally/top/model/top_state.h"
#include "tally/top/view/theme.h"

namespace tallyman::tally {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

class RenderTest : public ::testing::Test {
 protected:
  RenderTest() : state_({.server = "http://vm:8880", .key_prefix = "key"}) {
    state_.Resize({.width = 80, .height = 12});
  }

  Moment Now() const { return {.steady = now_, .wall = kStart + now_}; }
  void Type(std::string_view text) {
    for (const char c : text) {
      state_.OnInput(Key{.code = KeyCode::kText, .text = std::string(1, c)},
                     Now());
    }
  }
  void Update(SourceUpdate update) {
    state_.OnUpdate(std::move(update), Now());
  }
  void ShowProcesses() {
    Update(FeedStatus{.state = FeedStatus::State::kLive});
    Update(
        ProcessSnapshot{.time = kStart,
                        .processes = {{.pid = 1,
                                       .start_time = "a",
                                       .name = "init",
                                       .command_line = "/sbin/init",
                                       .user = "root",
                                       .state = "sleeping",
                                       .memory = 12'582'912,
                                       .num_threads = 1,
                                       .cpu_seconds = 0.5},
                                      {.pid = 20,
                                       .start_time = "b",
                                       .ppid = 1,
                                       .name = "web",
                                       .command_line = "serve\x1b[2J --port 80",
                                       .user = "app",
                                       .state = "running",
                                       .memory = 1'610'612'736,
                                       .num_threads = 4,
                                       .cpu_seconds = 187},
                                      {.pid = 3,
                                       .start_time = "c",
                                       .ppid = 1,
                                       .name = "kthread",
                                       .user = "root",
                                       .state = "idle"}}});
  }
  void ShowStacks() {
    Type("gs");
    Update(
        FeedStatus{.feed = Feed::kStacks, .state = FeedStatus::State::kLive});
    Update(StackList{
        .stacks = {{.uid = "u", .name = "shop", .environment = "prod"}}});
    Update(StackContents{
        .uid = "u",
        .servers = {{.uid = "s", .name = "vm"}},
        .processes = {
            {.name = "web",
             .command = "serve --port 80",
             .running = {{"vm", 2}},
             .desired = {{"vm", 3}},
             .state = "degraded",
             .instances = {{.server = "vm",
                            .number = 1,
                            .state = "running",
                            .pid = 812,
                            .started_at = kStart - absl::Hours(1)},
                           {.server = "vm",
                            .number = 2,
                            .state = "waiting",
                            .restarts = 4,
                            .last_exit = "exited with code 3",
                            .next_start_at = kStart + absl::Seconds(9)}},
             .last_exit = "exited with code 3",
             .last_output = "no table"},
            {.name = "clock",
             .command = "tick",
             .running = {{"vm", 1}},
             .desired = {{"vm", 1}},
             .state = "running"}}});
  }
  ftxui::Screen Rendered(Theme theme = Theme::kNone) const {
    ftxui::Screen screen(state_.size().width, state_.size().height);
    Render(state_, theme, Now(), screen);
    return screen;
  }
  // The lines without blanks at their ends.
  std::vector<std::string> Lines() const {
    const ftxui::Screen screen = Rendered();
    std::vector<std::string> lines;
    for (int y = 0; y < screen.dimy(); ++y) {
      std::string line;
      for (int x = 0; x < screen.dimx(); ++x) {
        const std::string& cell = screen.PixelAt(x, y).character;
        line += cell.empty() ? " " : cell;
      }
      lines.emplace_back(absl::StripTrailingAsciiWhitespace(line));
    }
    return lines;
  }
  std::string Text() const {
    return absl::StrCat(absl::StrJoin(Lines(), "\n"), "\n");
  }

  absl::Duration now_ = absl::ZeroDuration();
  TopState state_;
};

TEST_F(RenderTest, Processes) {
  ShowProcesses();
  EXPECT_EQ(
      Text(),
      R"( tally Processes  Stacks  http://vm:8880                                   live
 3 processes, 1 running, 5 threads, 1.5G, - CPU
    PID USER     NAME             STATE       CPU MEMOR▼     TIME COMMAND
     20 app      web              running       -   1.5G     3:07 serve·[2J --p…
      1 root     init             sleeping      -  12.0M    0.50s /sbin/init
      3 root     kthread          idle          -      -        - -





 / search  t tree  p pause  h hold  < > sort  Enter details  g s stacks  ? help
)");
}

TEST_F(RenderTest, TreeAndSearch) {
  ShowProcesses();
  Type("t/web");
  EXPECT_EQ(
      Text(),
      R"( tally Processes  Stacks  http://vm:8880                                   live
 /web   1 of 3, 1.5G, - CPU                                                TREE
    PID USER     NAME             STATE      ΣCPU  ΣMEM▼     TIME COMMAND
      1 root     ▾init            sleeping      -   1.5G    0.50s /sbin/init
     20 app      └─web            running       -   1.5G     3:07 serve·[2J --p…






 Enter keep   Esc empty   user:root  state:running  >100M  cpu>5
)");
  Type(" color:x");
  EXPECT_THAT(Lines()[1], HasSubstr("no key \"color\""));
}

TEST_F(RenderTest, Stacks) {
  ShowStacks();
  Type("j ");
  EXPECT_EQ(
      Text(),
      R"( tally Processes  Stacks  http://vm:8880                                   live
 1 stack, 2 processes, 3 of 4 running
 NAME                     STATE         RUNNING/WANTED COMMAND
 ▾ shop                   degraded      3/4            prod
   ▾ web                  degraded      2/3            serve --port 80
     exited with code 3: no table
       web.1              running       pid 812        up 1h00m
       web.2              waiting                      starts in 9s, 4 restarts…
   ▸ clock                running       1/1            tick


 + - scale  r restart  p pause  l log  Enter instances  g p processes  ? help
)");
}

TEST_F(RenderTest, AStepAndItsAction) {
  ShowStacks();
  Type("j++");
  EXPECT_THAT(Lines()[4], HasSubstr("2/3 → 5"));
  now_ += absl::Seconds(1);
  state_.OnTime(Now());
  EXPECT_EQ(Lines()[6], "     … scale web to 5 on vm: 3 → 5, 2 running, 0s");
  Update(ActionRefused{.key = "key-1", .message = "needs the scope admin"});
  EXPECT_EQ(Lines()[6],
            "     ✗ scale web to 5 on vm failed: needs the scope admin");
}

TEST_F(RenderTest, AQuestion) {
  ShowStacks();
  Type("jr");
  EXPECT_EQ(Lines()[11], " Restart 2 instances of web?  y: yes  n: no");
}

TEST_F(RenderTest, ALog) {
  ShowStacks();
  Type("jl");
  Update(FeedStatus{.feed = Feed::kLog, .state = FeedStatus::State::kLive});
  Update(LogLines{.id = 1,
                  .lines = {{.name = "web.1", .instance = 1, .text = "one"},
                            {.name = "web.2", .instance = 2, .text = "two"}}});
  EXPECT_THAT(Lines()[2], StartsWith(" Log of web"));
  EXPECT_THAT(Lines()[2], HasSubstr("follows"));
  EXPECT_EQ(Lines()[3], " web.1 | one");
  EXPECT_EQ(Lines()[4], " web.2 | two");
}

TEST_F(RenderTest, AConnectionThatIsLost) {
  ShowProcesses();
  Update(FeedStatus{.state = FeedStatus::State::kWaiting,
                    .message = "connection refused",
                    .retry_at = kStart + absl::Seconds(14)});
  now_ = absl::Seconds(12);
  EXPECT_THAT(Lines()[0], HasSubstr("lost, data 12s old, again in 2s"));
  EXPECT_EQ(Lines()[11], " connection refused");
  EXPECT_THAT(Lines()[3], HasSubstr("web")) << "the data stays";
}

TEST_F(RenderTest, RefusalsAndLimits) {
  Update(FeedStatus{.state = FeedStatus::State::kRefused,
                    .http_status = 401,
                    .message = "the token is revoked"});
  EXPECT_THAT(Lines()[0], HasSubstr("refused 401"));
  EXPECT_EQ(Lines()[11], " the token is revoked");
  Update(FeedStatus{.state = FeedStatus::State::kWaiting,
                    .http_status = 429,
                    .retry_at = kStart + absl::Seconds(60)});
  EXPECT_THAT(Lines()[0], HasSubstr("too many requests, again in 1m00s"));
}

TEST_F(RenderTest, EmptyListsSayWhy) {
  EXPECT_EQ(Lines()[4], " loading the processes");
  ShowProcesses();
  Type("/nobody");
  EXPECT_EQ(Lines()[4], " nothing matches nobody");
  state_.OnInput(Key{.code = KeyCode::kEnter}, Now());
  Type("gs");
  EXPECT_EQ(Lines()[4], " loading the stacks");
  Update(StackList{});
  EXPECT_EQ(Lines()[4], " no stacks; `tally stacks create` makes one");
}

TEST_F(RenderTest, NarrowAndWideScreens) {
  ShowProcesses();
  state_.Resize({.width = 44, .height = 8});
  EXPECT_EQ(Lines()[2], "    PID NAME                CPU MEMOR▼ COMMA");
  state_.Resize({.width = 150, .height = 8});
  EXPECT_THAT(Lines()[2], HasSubstr("READ WRITTEN STACK"));
  state_.Resize({.width = 20, .height = 3});
  EXPECT_EQ(Lines()[0], "the terminal is too…");
}

TEST_F(RenderTest, NoColoursButMarksWithoutAny) {
  ShowProcesses();
  const ftxui::Screen plain = Rendered(Theme::kNone);
  for (int y = 0; y < plain.dimy(); ++y) {
    for (int x = 0; x < plain.dimx(); ++x) {
      ASSERT_TRUE(plain.PixelAt(x, y).foreground_color ==
                  ftxui::Color::Default);
    }
  }
  EXPECT_TRUE(plain.PixelAt(0, kListTop).inverted) << "the selected row";
  const ftxui::Screen dark = Rendered(Theme::kDark);
  EXPECT_TRUE(dark.PixelAt(34, kListTop).foreground_color ==
              ftxui::Color::GreenLight);
  const ftxui::Screen light = Rendered(Theme::kLight);
  EXPECT_TRUE(light.PixelAt(34, kListTop).foreground_color ==
              ftxui::Color::Green);
}

}  // namespace
}  // namespace tallyman::tally
