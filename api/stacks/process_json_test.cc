#include "api/stacks/process_json.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "api/json/json_writer.h"
#include "api/redaction/redaction.h"
#include "api/stacks/stacks_envelope.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"

namespace tallyman::api {
namespace {

using Json = nlohmann::json;

// A stack "s" with a process "web" that is desired on "here" and on "there".
class ProcessJsonTest : public testing::Test {
 protected:
  ProcessJsonTest() {
    stack_.uid = "s";
    process_.definition.name = "web";
    process_.definition.command = "run --password=secret";
    process_.servers = {{"here", {.count = 2}}, {"there", {.count = 3}}};
    registry_.servers = {std::make_shared<stacks::Server>(stacks::Server{
                             .uid = "here", .name = "zeta \"1\"\n"}),
                         std::make_shared<stacks::Server>(
                             stacks::Server{.uid = "there", .name = "alpha"})};
    status_.server_uid = "here";
    Run({{.number = 1, .state = stacks::InstanceState::kRunning, .pid = 7},
         {.number = 2, .state = stacks::InstanceState::kPaused, .pid = 8}});
  }

  void Run(std::vector<stacks::InstanceStatus> instances) {
    auto status = std::make_shared<stacks::ProcessStatus>();
    for (const stacks::InstanceStatus& instance : instances) {
      status->running += instance.runs() ? 1 : 0;
      status->paused +=
          instance.state == stacks::InstanceState::kPaused ? 1 : 0;
    }
    status->instances = std::move(instances);
    status_.processes[{"s", "web"}] = status;
  }

  ProcessView View(std::string_view server_uid = "") const {
    return {.registry = registry_,
            .status = status_,
            .stack = stack_,
            .redactor = *redactor_,
            .server_uid = server_uid};
  }

  Json Write(Mount mount, std::string_view server_uid = "") const {
    std::string text;
    JsonWriter json(text);
    WriteProcess(mount, View(server_uid), process_, json);
    return Json::parse(text);
  }

  std::string Etag() const { return ProcessEtag(View(), process_); }

  stacks::Stack stack_;
  stacks::DesiredProcess process_;
  stacks::RegistrySnapshot registry_;
  stacks::StatusSnapshot status_;
  std::unique_ptr<Redactor> redactor_ = *Redactor::Create(DefaultSecretNames());
};

TEST_F(ProcessJsonTest, ThePlainMountHasFourKeys) {
  const Json json = Write(Mount::kPlain);
  EXPECT_EQ(json.size(), 4);
  EXPECT_EQ(json["command"], "run --password=***");
  EXPECT_EQ(json["servers"], (Json{{"alpha", 0}, {"zeta \"1\"\n", 2}}));
}

TEST_F(ProcessJsonTest, Api3ShowsDesiredAndPausedCounts) {
  const Json json = Write(Mount::kApi3);
  EXPECT_EQ(json["servers"], (Json{{"alpha", 0}, {"zeta \"1\"\n", 2}}));
  EXPECT_EQ(json["servers_pauses"], (Json{{"alpha", 0}, {"zeta \"1\"\n", 1}}));
  EXPECT_EQ(json["desired"], (Json{{"alpha", 3}, {"zeta \"1\"\n", 2}}));
  EXPECT_EQ(json["state"], "starting");
  ASSERT_EQ(json["instances"].size(), 2);
  EXPECT_EQ(json["instances"][1]["state"], "paused");
  EXPECT_EQ(json["instances"][1]["pid"], 8);
  EXPECT_EQ(json["last_exit"], nullptr);
}

TEST_F(ProcessJsonTest, AFilterLimitsCountsToOneServer) {
  EXPECT_EQ(Write(Mount::kPlain, "here")["servers"],
            (Json{{"zeta \"1\"\n", 2}}));
  EXPECT_EQ(Write(Mount::kApi3, "here")["state"], "running");
  const Json there = Write(Mount::kApi3, "there");
  EXPECT_EQ(there["servers"], (Json{{"alpha", 0}}));
  EXPECT_EQ(there["desired"], (Json{{"alpha", 3}}));
  EXPECT_EQ(there["state"], "starting");
  EXPECT_EQ(there["instances"], Json::array());
}

TEST_F(ProcessJsonTest, OmitsServersWhereInstancesOnlyStop) {
  process_.servers.clear();
  Run({{.number = 1, .state = stacks::InstanceState::kStopping}});
  EXPECT_EQ(Write(Mount::kPlain)["servers"], Json::object());
}

TEST_F(ProcessJsonTest, ShowsInstancesThatRunWhereNoneIsDesired) {
  process_.servers.clear();
  EXPECT_EQ(Write(Mount::kPlain)["servers"], (Json{{"zeta \"1\"\n", 2}}));
  registry_.servers.clear();
  EXPECT_EQ(Write(Mount::kPlain)["servers"], (Json{{"here", 2}}));
}

TEST_F(ProcessJsonTest, ShowsTheLatestExit) {
  const absl::Time time = absl::FromUnixSeconds(1'600'000'000);
  Run({{.number = 1,
        .last_exit = "exited with code 1",
        .last_exit_at = time,
        .last_output = "old"},
       {.number = 2,
        .last_exit = "killed by SIGSEGV",
        .last_exit_at = time + absl::Seconds(1),
        .last_output = "token=abc"},
       {.number = 3}});
  const Json json = Write(Mount::kApi3);
  EXPECT_EQ(json["last_exit"], "killed by SIGSEGV");
  EXPECT_EQ(json["last_output"], "token=***");
  EXPECT_EQ(json["instances"][0]["last_exit_at"], "2020-09-13T12:26:40Z");
  EXPECT_EQ(json["instances"][0]["last_output"], "old");
  EXPECT_EQ(json["instances"][2]["last_exit"], nullptr);
  EXPECT_EQ(json["instances"][2]["pid"], nullptr);
}

TEST_F(ProcessJsonTest, TheTagCoversTheRepresentationAndTheDefinition) {
  const std::string etag = Etag();
  EXPECT_EQ(etag, Etag());
  EXPECT_EQ(etag, ProcessEtag(View("there"), process_));
  process_.revision = 9;  // For example, its environment has changed.
  EXPECT_NE(etag, Etag());
  process_.servers["here"].count = 4;
  const std::string desired_more = Etag();
  EXPECT_NE(etag, desired_more);
  Run({{.number = 1, .state = stacks::InstanceState::kRunning, .pid = 9}});
  EXPECT_NE(desired_more, Etag());
}

}  // namespace
}  // namespace tallyman::api
