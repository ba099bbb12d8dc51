#include "tally/actions/condition.h"

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tally/actions/process_view.h"

namespace tallyman::tally {
namespace {

ProcessView Web(int pid) {
  ProcessView web;
  web.servers = {{.server = "a", .desired = 1, .running = 1}};
  web.instances = {
      {.server = "a", .number = 1, .state = "running", .pid = pid}};
  return web;
}

TEST(ConditionTest, ReadsAllKinds) {
  EXPECT_EQ(ParseCondition("running")->kind, Condition::Kind::kRunning);
  EXPECT_EQ(ParseCondition("stopped")->kind, Condition::Kind::kStopped);
  EXPECT_EQ(ParseCondition("count=12")->count, 12);
  for (const char* const text : {"", "count=", "count=-1", "up"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseCondition(text).status())) << text;
  }
}

TEST(ConditionTest, ComparesCountsAndStates) {
  ProcessView web = Web(7);
  EXPECT_TRUE(Holds({}, web));
  EXPECT_FALSE(Holds({.kind = Condition::Kind::kStopped}, web));
  EXPECT_TRUE(Holds({.kind = Condition::Kind::kCount, .count = 1}, web));
  EXPECT_FALSE(Holds({.kind = Condition::Kind::kCount, .count = 2}, web));
  web.instances.push_back({.server = "a", .number = 2, .state = "stopping"});
  EXPECT_FALSE(Holds({}, web));
}

TEST(ConditionTest, SettlesWhileTheSameProgramsRun) {
  SettledCondition settled({});
  EXPECT_FALSE(settled.Look({Web(7)}, absl::ZeroDuration()));
  EXPECT_FALSE(settled.Look({Web(7)}, absl::Milliseconds(999)));
  // Another process: it has ended and runs again.
  EXPECT_FALSE(settled.Look({Web(8)}, absl::Seconds(1)));
  EXPECT_TRUE(settled.Look({Web(8)}, absl::Seconds(2)));
  EXPECT_TRUE(SettledCondition({}).Look({ProcessView()}, absl::ZeroDuration()));
}

}  // namespace
}  // namespace tallyman::tally
