#include "tally/actions/goal.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tally/actions/process_view.h"

namespace tallyman::tally {
namespace {

TEST(GoalTest, CountsWhatHasStartedAndStopped) {
  ProcessView web;
  web.servers = {{.server = "a", .running = 3}, {.server = "b", .running = 5}};
  const GoalProgress up =
      Measure({.process = "web", .server = "a", .from = 2, .to = 4}, web);
  EXPECT_EQ(up.done, 1);
  EXPECT_EQ(up.total, 2);
  EXPECT_EQ(up.text, "web on a 3/4");
  const GoalProgress down =
      Measure({.process = "web", .from = 10, .to = 6}, web);
  EXPECT_EQ(down.done, 2);
  EXPECT_EQ(down.total, 4);
  EXPECT_EQ(ProgressBar({up, down}, absl::Seconds(4)),
            "[##########----------] web on a 3/4, web 8/6  4s");
  EXPECT_EQ(ProgressText({up, down}), "web on a 3/4, web 8/6");
}

TEST(GoalTest, ARestartCountsNewPids) {
  ProcessView web;
  web.instances = {{.number = 1, .state = "running", .pid = 7},
                   {.number = 2, .state = "running", .pid = 9}};
  const GoalProgress progress =
      Measure({.process = "web", .from = 2, .to = 2, .old_pids = {7, 8}}, web);
  EXPECT_EQ(progress.done, 1);
  EXPECT_EQ(progress.total, 2);
}

}  // namespace
}  // namespace tallyman::tally
