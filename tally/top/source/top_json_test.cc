#include "tally/top/source/top_json.h"

#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tally/top/model/host_process.h"
#include "tally/top/model/source_values.h"
#include "tally/top/model/stack_values.h"

namespace tallyman::tally {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;

nlohmann::ordered_json Json(std::string_view text) {
  return nlohmann::ordered_json::parse(text);
}

TEST(TopJsonTest, ReadsASnapshot) {
  const std::optional<ProcessSnapshot> snapshot = ReadSnapshot(Json(R"({
    "time": "2026-11-22T00:10:11.204+01:00",
    "processes": [{"name": "nginx", "memory": 12349440, "pid": 812,
                   "nice": null, "cpu_seconds": 1.5,
                   "start_time": "2026-11-22T00:10:09.512+01:00"}]})"));
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->time, absl::FromUnixMillis(1795302611204));
  ASSERT_THAT(snapshot->processes, SizeIs(1));
  const HostProcess& process = snapshot->processes[0];
  EXPECT_EQ(process.name, "nginx");
  EXPECT_EQ(process.memory, 12349440);
  EXPECT_EQ(process.cpu_seconds, 1.5);
  EXPECT_EQ(process.nice, kUnknownNice);
  EXPECT_EQ(process.num_threads, -1) << "is missing";
}

TEST(TopJsonTest, ReadsADifference) {
  const std::optional<ProcessDifference> difference = ReadDifference(Json(R"({
    "time": "2026-11-22T00:10:13Z", "entered": [{"pid": 1, "start_time": "x"}],
    "changed": [{"pid": 812, "start_time": "a", "memory": 5}],
    "gone": [{"pid": 7, "start_time": "b"}]})"));
  ASSERT_TRUE(difference);
  EXPECT_THAT(difference->entered, SizeIs(1));
  ASSERT_THAT(difference->changed, SizeIs(1));
  HostProcess process = {.pid = 812, .start_time = "a", .name = "kept"};
  Apply(difference->changed[0], process);
  EXPECT_EQ(process.memory, 5);
  EXPECT_EQ(process.name, "kept");
  EXPECT_THAT(difference->gone,
              ElementsAre(ProcessId{.pid = 7, .start_time = "b"}));
}

TEST(TopJsonTest, OtherJsonIsNoSnapshot) {
  EXPECT_FALSE(ReadSnapshot(Json("null")));
  EXPECT_FALSE(ReadSnapshot(Json(R"({"time": 5, "processes": []})")));
  EXPECT_FALSE(ReadDifference(Json(R"([1])")));
  const std::optional<ProcessSnapshot> odd = ReadSnapshot(Json(
      R"({"time": "2026-11-22T00:10:13Z", "processes": [5, {"pid": "x"}]})"));
  ASSERT_TRUE(odd);
  EXPECT_THAT(odd->processes, SizeIs(2));
}

TEST(TopJsonTest, ReadsProcessesOfStacks) {
  const StackProcess process = ReadProcess(Json(R"({
    "name": "web", "command": "serve", "servers": {"vm": 2},
    "servers_pauses": {}, "desired": {"vm": 3}, "state": "degraded",
    "instances": [{"server": "vm", "instance": 2, "state": "waiting",
                   "pid": null, "started_at": "2026-11-22T00:10:09Z",
                   "restarts": 4, "last_exit": "exited with code 3",
                   "last_output": null, "next_start_at": null}],
    "last_exit": null, "last_output": "x"})"));
  EXPECT_EQ(process.name, "web");
  EXPECT_THAT(process.running, ElementsAre(Pair("vm", 2)));
  EXPECT_THAT(process.desired, ElementsAre(Pair("vm", 3)));
  ASSERT_THAT(process.instances, SizeIs(1));
  EXPECT_EQ(process.instances[0].pid, 0);
  EXPECT_EQ(process.instances[0].restarts, 4);
  EXPECT_TRUE(process.instances[0].started_at);
  EXPECT_FALSE(process.instances[0].next_start_at);
  EXPECT_EQ(process.last_output, "x");
}

TEST(TopJsonTest, ReadsDetails) {
  const ProcessDetails details = ReadDetails(Json(R"({
    "pid": 5, "pss": 7, "listening": [{"protocol": "tcp",
    "address": "::1", "port": 80}], "environment_names": null,
    "children": [6, 7], "cgroup": "/x"})"));
  EXPECT_EQ(details.pss, 7);
  EXPECT_TRUE(details.knows_sockets);
  ASSERT_THAT(details.listening, SizeIs(1));
  EXPECT_EQ(details.listening[0].port, 80);
  EXPECT_FALSE(details.knows_environment);
  EXPECT_THAT(details.children, ElementsAre(6, 7));
}

}  // namespace
}  // namespace tallyman::tally
