// Compares responses of the stacks family with golden files byte by byte, and
// their shape with the samples of the documentation of the API.

#include <cstddef>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/json/json_writer.h"
#include "api/redaction/redaction.h"
#include "api/stacks/action_json.h"
#include "api/stacks/process_json.h"
#include "api/stacks/stacks_envelope.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "stacks/model/definition.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "storage/pagination.h"

namespace tallyman::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kServer = "e63e859d5ab72b0bcf14321f0ffb013d";
constexpr std::string_view kOtherServer = "0c2f4e8d9b7a4c6e8f1a3b5d7c9e0f24";
constexpr std::string_view kStack = "5999b763474b0eafa5fafb64bff0ba80";

std::string ReadTestdata(std::string_view name) {
  std::ifstream file(absl::StrCat("testdata/golden/stacks/", name));
  EXPECT_TRUE(file.is_open()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

// The file ends with a newline; the response does not.
void ExpectGolden(std::string_view name, std::string_view answer) {
  EXPECT_EQ(absl::StrCat(answer, "\n"), ReadTestdata(name)) << name;
}

// Whether `key` holds a map whose keys are names of servers.
bool IsMapOfServers(std::string_view key) { return key == "servers"; }

// Expects the same types of values and the same order of keys in `sample` and
// in `answer`. All items of a list must be like the first one of the sample.
void ExpectSameShape(const std::string& place, const Json& sample,
                     const Json& answer) {
  ASSERT_STREQ(sample.type_name(), answer.type_name()) << place;
  EXPECT_EQ(sample.is_number_integer(), answer.is_number_integer()) << place;
  if (sample.is_array()) {
    for (const Json& item : answer) {
      ExpectSameShape(place + "[]", sample[0], item);
    }
  }
  if (!sample.is_object()) return;
  std::vector<std::string> sample_keys;
  std::vector<std::string> keys;
  for (const auto& [key, value] : sample.items()) sample_keys.push_back(key);
  for (const auto& [key, value] : answer.items()) keys.push_back(key);
  EXPECT_EQ(sample_keys, keys) << place;
  for (const auto& [key, value] : sample.items()) {
    const std::string inside = absl::StrCat(place, ".", key);
    if (IsMapOfServers(key)) {
      for (const auto& [name, count] : answer[key].items()) {
        ExpectSameShape(inside, value.front(), count);
      }
    } else if (answer.contains(key)) {
      ExpectSameShape(inside, value, answer[key]);
    }
  }
}

// The sample in the documentation.
void ExpectDocumentedShape(std::string_view sample, std::string_view answer) {
  ExpectSameShape("answer",
                  Json::parse(ReadTestdata(absl::StrCat("samples/", sample))),
                  Json::parse(answer));
}

std::shared_ptr<const stacks::DesiredProcess> MakeProcess(
    std::string_view name, std::string_view command, int64_t here,
    int64_t elsewhere) {
  auto process = std::make_shared<stacks::DesiredProcess>();
  process->definition.name = name;
  process->definition.command = command;
  process->md5 = stacks::Md5Hex(command);
  if (here > 0) process->servers[std::string(kServer)].count = here;
  if (elsewhere > 0) {
    process->servers[std::string(kOtherServer)].count = elsewhere;
  }
  return process;
}

class StacksGoldenTest : public testing::Test {
 protected:
  StacksGoldenTest() {
    stack_.uid = kStack;
    stack_.processes = {
        MakeProcess("worker", "bundle exec rake jobs:work", 2, 0),
        MakeProcess("scheduler", "bundle exec rake jobs:schedule", 1, 3)};
    registry_.servers = {
        std::make_shared<stacks::Server>(stacks::Server{
            .uid = std::string(kOtherServer), .name = "other_name"}),
        std::make_shared<stacks::Server>(stacks::Server{
            .uid = std::string(kServer), .name = "server_name"})};
    status_.server_uid = kServer;
    const absl::Time started = absl::FromUnixSeconds(1'451'675'285);
    auto worker = std::make_shared<stacks::ProcessStatus>();
    worker->running = 1;
    worker->paused = 1;
    worker->instances = {
        {.number = 1,
         .state = stacks::InstanceState::kPaused,
         .pid = 4153,
         .started_at = started},
        {.number = 2,
         .state = stacks::InstanceState::kCrashLooping,
         .restarts = 5,
         .last_exit = "exited with code 3",
         .last_exit_at = started + absl::Seconds(9),
         .last_output = "cannot connect to redis://:hunter2@localhost",
         .next_start = started + absl::Seconds(41)}};
    status_.processes[{std::string(kStack), "worker"}] = worker;
  }

  ProcessView View(std::string_view server_uid = "") const {
    return {.registry = registry_,
            .status = status_,
            .stack = stack_,
            .redactor = *redactor_,
            .server_uid = server_uid};
  }

  std::string List(Mount mount, std::string_view server_uid) const {
    return RenderPage(
        storage::Paginate({}, 2), 2, [&](JsonWriter& json, size_t i) {
          WriteProcess(mount, View(server_uid), *stack_.processes[i], json);
        });
  }

  stacks::Stack stack_;
  stacks::RegistrySnapshot registry_;
  stacks::StatusSnapshot status_;
  std::unique_ptr<Redactor> redactor_ = *Redactor::Create(DefaultSecretNames());
};

TEST_F(StacksGoldenTest, TheListOfProcesses) {
  const std::string answer = List(Mount::kPlain, "");
  ExpectGolden("processes.json", answer);
  ExpectDocumentedShape("processes.json", answer);
  ExpectGolden("api3_processes.json", List(Mount::kApi3, ""));
}

TEST_F(StacksGoldenTest, TheListOfOneServersProcesses) {
  const std::string answer = List(Mount::kPlain, kServer);
  ExpectGolden("processes_of_server.json", answer);
  ExpectDocumentedShape("processes.json", answer);
}

TEST_F(StacksGoldenTest, ASingleProcess) {
  const std::string answer = RenderPage(
      storage::Paginate({}, 1), 1, [&](JsonWriter& json, size_t /*i*/) {
        WriteProcess(Mount::kPlain, View(), *stack_.processes[0], json);
      });
  ExpectGolden("process.json", answer);
  ExpectDocumentedShape("process.json", answer);
  ExpectGolden("api3_process.json",
               RenderOne(Mount::kApi3, [&](JsonWriter& json) {
                 WriteProcess(Mount::kApi3, View(), *stack_.processes[0], json);
               }));
}

TEST_F(StacksGoldenTest, ScalingReturnsTheAction) {
  const stacks::Action action = {
      .id = 10,
      .user = "operator@example.com",
      .kind = stacks::ActionKind::kProcessScale,
      .stack_uid = std::string(kStack),
      .started_via = "api",
      .started_at = absl::FromUnixSeconds(1'451'675'285)};
  const auto write = [&](JsonWriter& json) {
    WriteAction(action, *redactor_, json);
  };
  const std::string answer = RenderOne(Mount::kPlain, write);
  ExpectGolden("scale.json", answer);
  ExpectDocumentedShape("scale.json", answer);
  ExpectGolden("api3_scale.json", RenderOne(Mount::kApi3, write));
}

}  // namespace
}  // namespace tallyman::api
