// The writers of JSON and the schemas beside them agree, for values with all
// members and for those with as few as possible.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "api/description/operation.h"
#include "api/description/schema.h"
#include "api/description/schema_json.h"
#include "api/host/host_envelope.h"
#include "api/host/process_query.h"
#include "api/http/error.h"
#include "api/http/params.h"
#include "api/json/json_writer.h"
#include "api/openapi/error_example.h"
#include "api/redaction/redaction.h"
#include "api/stacks/action_json.h"
#include "api/stacks/event_json.h"
#include "api/stacks/output_json.h"
#include "api/stacks/process_json.h"
#include "api/stacks/stack_json.h"
#include "api/stacks/stacks_envelope.h"
#include "api/tokens/token_json.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "platform/process.h"
#include "stacks/model/event.h"
#include "stacks/model/registry.h"
#include "stacks/model/stack_health.h"
#include "stacks/model/status.h"
#include "storage/pagination.h"
#include "tools/harness/json_schema.h"

namespace tallyman::api {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kUid = "5999b763474b0eafa5fafb64bff0ba80";
constexpr std::string_view kServerUid = "e63e859d5ab72b0bcf14321f0ffb013d";
const absl::Time kTime = absl::FromUnixSeconds(1'451'675'285);

void ExpectMatch(const Schema& schema, std::string_view text) {
  SchemaWriter writer;
  const Json written = writer.Write(schema);
  const Json document = {{"components", {{"schemas", writer.named()}}}};
  EXPECT_EQ(harness::FindMismatch(document, written, Json::parse(text)), "")
      << text;
}

std::string Text(absl::FunctionRef<void(JsonWriter&)> write) {
  std::string text;
  JsonWriter json(text);
  write(json);
  return text;
}

const Redactor& NoRedactor() {
  static const std::unique_ptr<Redactor>& redactor =
      *new std::unique_ptr<Redactor>(Redactor::Disabled());
  return *redactor;
}

TEST(WritersTest, Actions) {
  stacks::Action action = {.id = 1,
                           .user = "deploy",
                           .kind = stacks::ActionKind::kStackDelete,
                           .stack_uid = std::string(kUid),
                           .started_via = "api",
                           .started_at = kTime};
  const auto write = [&](JsonWriter& json) {
    WriteAction(action, NoRedactor(), json);
  };
  ExpectMatch(kActionSchema, Text(write));
  action.finished_at = kTime;
  action.finished_message = "done";
  ExpectMatch(kActionSchema, Text(write));
}

TEST(WritersTest, Events) {
  for (const stacks::Event& event :
       {stacks::Event{.id = 1, .time = kTime, .kind = stacks::EventKind::kLost},
        stacks::Event{.id = 2,
        .time = kTime,
        .kind = stacks::EventKind::kExited,
        .process = "web",
        .server_uid = std::string(kServerUid),
        .instance = 1,
        .pid = 4153,
        .cause = "exited with code 3",
        .action_id = 1,
        .user = "deploy"}}) {
    ExpectMatch(kEventSchema, Text([&](JsonWriter& json) {
                  WriteEvent(event, NoRedactor(), json);
                }));
  }
}

TEST(WritersTest, StacksAndServers) {
  const stacks::Stack stack = {.uid = std::string(kUid),
                               .name = "shop",
                               .created_at = kTime,
                               .updated_at = kTime};
  const stacks::Server server = {.uid = std::string(kServerUid),
                                 .name = "here",
                                 .created_at = kTime,
                                 .updated_at = kTime};
  for (const stacks::Health health :
       {stacks::Health::kUnknown, stacks::Health::kBuilding,
        stacks::Health::kImpaired, stacks::Health::kHealthy,
        stacks::Health::kFailed}) {
    ExpectMatch(kStackSchema, Text([&](JsonWriter& json) {
                  WriteStack(stack, health, json);
                }));
    ExpectMatch(kServerSchema, Text([&](JsonWriter& json) {
                  WriteServer(server, kUid, health, json);
                }));
  }
}

TEST(WritersTest, Processes) {
  stacks::DesiredProcess process;
  process.definition = {.name = "web", .command = "bin/web"};
  process.servers = {{std::string(kServerUid), {.count = 2}}};
  const stacks::Stack stack = {.uid = std::string(kUid)};
  stacks::RegistrySnapshot registry;
  registry.servers = {std::make_shared<stacks::Server>(
      stacks::Server{.uid = std::string(kServerUid), .name = "here"})};
  stacks::StatusSnapshot status;
  status.server_uid = kServerUid;
  const ProcessView view = {.registry = registry,
                            .status = status,
                            .stack = stack,
                            .redactor = NoRedactor()};
  const auto expect_match = [&] {
    ExpectMatch(kProcessSchema, Text([&](JsonWriter& json) {
                  WriteProcess(Mount::kPlain, view, process, json);
                }));
    ExpectMatch(kProcessDetailsSchema, Text([&](JsonWriter& json) {
                  WriteProcess(Mount::kApi3, view, process, json);
                }));
  };
  expect_match();
  auto instances = std::make_shared<stacks::ProcessStatus>();
  instances->instances = {
      {.number = 1, .state = stacks::InstanceState::kStarting},
      {.number = 2,
       .state = stacks::InstanceState::kCrashLooping,
       .started_at = kTime,
       .restarts = 3,
       .last_exit = "exited with code 3",
       .last_exit_at = kTime,
       .last_output = "no such table",
       .next_start = kTime}};
  status.processes[{std::string(kUid), "web"}] = instances;
  expect_match();
}

TEST(WritersTest, Output) {
  ExpectMatch(kInstanceOutputSchema, Text([](JsonWriter& json) {
                WriteInstanceOutput({.process = "web",
                                     .server = "here",
                                     .instance = 1,
                                     .lines = {"a", ""}},
                                    NoRedactor(), json);
              }));
}

TEST(WritersTest, Tokens) {
  auth::Token token = {.id = 1,
                       .name = "ci",
                       .scopes = auth::Scope::kPublic,
                       .created_at = kTime};
  ExpectMatch(kTokenSchema, Text([&](JsonWriter& json) {
                WriteToken(token, /*value=*/nullptr, json);
              }));
  token.expires_at = kTime;
  token.revoked_at = kTime;
  token.scopes.Add(auth::Scope::kAdmin);
  const auth::Secret value("tly_x");
  ExpectMatch(kNewTokenSchema,
              Text([&](JsonWriter& json) { WriteToken(token, &value, json); }));
}

constexpr Schema kNumber = Integer("", "1");

TEST(WritersTest, Envelopes) {
  const auto write_item = [](JsonWriter& json) { json.Int(1); };
  ExpectMatch(kListOfOneSchema<kNumber>, RenderOne(Mount::kPlain, write_item));
  ExpectMatch(kObjectSchema<kNumber>, RenderOne(Mount::kApi3, write_item));
  for (const int64_t page : {1, 2, 3, 9}) {
    const storage::PageInfo info =
        storage::Paginate({.page = page, .per_page = 2}, 5);
    ExpectMatch(kPageSchema<kNumber>,
                RenderPage(info, static_cast<size_t>(info.end - info.begin),
                           [](JsonWriter& json, size_t) { json.Int(1); }));
  }
}

TEST(WritersTest, Errors) {
  for (const ApiFamily family : {ApiFamily::kHost, ApiFamily::kStacks}) {
    for (size_t i = 0; i < ErrorNames().size(); ++i) {
      const auto kind = static_cast<ErrorKind>(i);
      ExpectMatch(ErrorSchema(family, kind), ErrorExample(family, kind));
    }
  }
}

TEST(WritersTest, ProcessesOfTheMachine) {
  std::vector<platform::Process> processes(2);
  processes[1].pid = 6020;
  processes[1].name = "svchost";
  processes[1].user = "jblow";
  processes[1].state = platform::ProcessState::kParked;
  for (const std::string_view text :
       {"", "fields=pid",
        "fields=ppid,start_time,cpu_seconds,virtual_memory,state"}) {
    const auto query = ProcessListQuery::Parse(Params::Parse(text));
    ASSERT_TRUE(query.ok()) << query.status();
    ExpectMatch(
        kHostProcessesSchema,
        RenderProcesses(processes, query->keys(),
                        {.redactor = NoRedactor(), .zone = absl::UTCTimeZone()},
                        kTime));
  }
}

}  // namespace
}  // namespace tallyman::api
