#include "api/stacks/process_json.h"

#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/description/schema.h"
#include "api/http/etag.h"
#include "api/json/json_writer.h"
#include "api/json/timestamp.h"
#include "api/redaction/redaction.h"
#include "api/stacks/stacks_envelope.h"
#include "stacks/model/process_state.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"

namespace tallyman::api {
namespace {

using stacks::ServerCounts;

constexpr Schema kCount = Integer("A number of instances.", "1", 0);

constexpr Schema Counts(std::string_view description) {
  return Map(description, kCount, R"({"server_name":1})");
}

constexpr Field kFields[] = {
    {"md5",
     {.description = "The MD5 of the command; \"\" if this system has no MD5.",
      .pattern = "^([0-9a-f]{32})?$",
      .example = "5999b763474b0eafa5fafb64bff0ba80"}},
    {"name", String("Its name, unique in its stack.", "web")},
    {"command", String("Its command; values that look like secrets are `***`.",
                       "bundle exec rake jobs:work")},
    {"servers", Counts("By the name of the server: instances that exist.")},
};

constexpr Field kInstanceFields[] = {
    {"server", String("The name of the server.", "server_name")},
    {"instance", Integer("Its number.", "1", 1)},
    {"state",
     OneOf(
         EnumNames<stacks::InstanceStateName, stacks::InstanceState::kStarting,
                   stacks::InstanceState::kCrashLooping>,
         String("Its state.", "running"))},
    {"pid", OrNull(Integer("Its process id; null if none runs.", "4153", 1))},
    {"started_at", OrNull(Time("Its last start."))},
    {"restarts", Integer("How often it was started again.", "0", 0)},
    {"last_exit", OrNull(String("How it ended last.", "exited with code 3"))},
    {"last_exit_at", OrNull(Time("When it ended last."))},
    {"last_output", OrNull(String("The last line of its output before that.",
                                  "no such table: jobs"))},
    {"next_start_at",
     OrNull(Time("When it starts again; null if it does not wait.", "null"))},
};

constexpr Schema kInstanceSchema =
    Object("Instance", "One running copy of a process.", kInstanceFields);

constexpr Field kDetailsFields[] = {
    kFields[0],
    kFields[1],
    kFields[2],
    kFields[3],
    {"servers_pauses", Counts("The instances that are paused.")},
    {"desired", Counts("The desired instances.")},
    {"state", OneOf(ConstantValues<stacks::kProcessStates>,
                    String("The state as one word.", "running"))},
    {"instances", Array("The instances on this server.", kInstanceSchema)},
    {"last_exit",
     OrNull(String("The latest end of an instance.", "exited with code 3"))},
    {"last_output", OrNull(String("Its last line of output before that.",
                                  "no such table: jobs"))},
};
static_assert(std::size(kFields) == 4);

// JsonWriter::Key() does not escape; the names of servers may need it.
void WriteEscapedKey(std::string_view key, JsonWriter& json) {
  std::string text;
  JsonWriter writer(text);
  writer.String(key);
  json.Key(std::string_view{text}.substr(1, text.size() - 2));
}

void WriteTextOrNull(std::string_view text, JsonWriter& json) {
  if (text.empty()) {
    json.Null();
  } else {
    json.String(text);
  }
}

void WriteTimeOrNull(std::optional<absl::Time> time, JsonWriter& json) {
  if (time) {
    json.String(UtcTimestamp(*time));
  } else {
    json.Null();
  }
}

// The status of the process here; null if there is none or it isn't shown.
const stacks::ProcessStatus* FindStatus(const ProcessView& view,
                                        const stacks::DesiredProcess& process) {
  return stacks::FindStatus(view.stack, process, view.status, view.server_uid);
}

// The servers of the view where the process is desired or runs, by name.
std::vector<ServerCounts> CountByServer(const ProcessView& view,
                                        const stacks::DesiredProcess& process) {
  return stacks::CountByServer(view.stack, process, view.registry, view.status,
                               view.server_uid);
}

void WriteCounts(std::string_view key, const std::vector<ServerCounts>& servers,
                 int64_t ServerCounts::*count, JsonWriter& json) {
  json.Key(key);
  json.BeginObject();
  for (const ServerCounts& server : servers) {
    WriteEscapedKey(server.name, json);
    json.Int(server.*count);
  }
  json.EndObject();
}

void WriteInstance(const ProcessView& view,
                   const stacks::InstanceStatus& instance, JsonWriter& json) {
  json.BeginObject();
  json.Key("server");
  json.String(view.registry.ServerName(view.status.server_uid));
  json.Key("instance");
  json.Int(instance.number);
  json.Key("state");
  json.String(stacks::InstanceStateName(instance.state));
  json.Key("pid");
  if (instance.pid == 0) {
    json.Null();
  } else {
    json.Int(instance.pid);
  }
  json.Key("started_at");
  WriteTimeOrNull(instance.started_at, json);
  json.Key("restarts");
  json.Int(instance.restarts);
  json.Key("last_exit");
  WriteTextOrNull(instance.last_exit, json);
  json.Key("last_exit_at");
  WriteTimeOrNull(instance.last_exit_at, json);
  json.Key("last_output");
  WriteTextOrNull(view.redactor.Text(instance.last_output), json);
  json.Key("next_start_at");
  WriteTimeOrNull(instance.next_start, json);
  json.EndObject();
}

// The instance with the latest exit; null if none has ended.
const stacks::InstanceStatus* LastEnded(
    const std::vector<stacks::InstanceStatus>& instances) {
  const stacks::InstanceStatus* last = nullptr;
  for (const stacks::InstanceStatus& instance : instances) {
    if (!instance.last_exit_at) continue;
    if (last == nullptr || *instance.last_exit_at > *last->last_exit_at) {
      last = &instance;
    }
  }
  return last;
}

// The fields that only /api/3 shows.
void WriteDetails(const ProcessView& view,
                  const stacks::DesiredProcess& process,
                  const std::vector<ServerCounts>& servers, JsonWriter& json) {
  static const std::vector<stacks::InstanceStatus>& no_instances =
      *new std::vector<stacks::InstanceStatus>();
  const stacks::ProcessStatus* const status = FindStatus(view, process);
  const std::vector<stacks::InstanceStatus>& instances =
      status == nullptr ? no_instances : status->instances;
  WriteCounts("servers_pauses", servers, &ServerCounts::paused, json);
  WriteCounts("desired", servers, &ServerCounts::desired, json);
  json.Key("state");
  json.String(stacks::ProcessState(stacks::CountInstances(
      view.stack, process, view.status, view.server_uid)));
  json.Key("instances");
  json.BeginArray();
  for (const stacks::InstanceStatus& instance : instances) {
    WriteInstance(view, instance, json);
  }
  json.EndArray();
  const stacks::InstanceStatus* const last = LastEnded(instances);
  json.Key("last_exit");
  WriteTextOrNull(last == nullptr ? "" : last->last_exit, json);
  json.Key("last_output");
  WriteTextOrNull(last == nullptr ? "" : view.redactor.Text(last->last_output),
                  json);
}

}  // namespace

constexpr Schema kProcessSchema =
    Object("Process", "A process of a stack.", kFields);
constexpr Schema kProcessDetailsSchema =
    Object("ProcessDetails", "A process of a stack, with its instances.",
           kDetailsFields);

void WriteProcess(Mount mount, const ProcessView& view,
                  const stacks::DesiredProcess& process, JsonWriter& json) {
  const std::vector<ServerCounts> servers = CountByServer(view, process);
  json.BeginObject();
  json.Key("md5");
  json.String(process.md5);
  json.Key("name");
  json.String(process.definition.name);
  json.Key("command");
  json.String(view.redactor.Text(process.definition.command));
  WriteCounts("servers", servers, &ServerCounts::running, json);
  if (mount == Mount::kApi3) WriteDetails(view, process, servers, json);
  json.EndObject();
}

std::string ProcessEtag(const ProcessView& view,
                        const stacks::DesiredProcess& process) {
  std::string text;
  JsonWriter json(text);
  WriteProcess(Mount::kApi3,
               {.registry = view.registry,
                .status = view.status,
                .stack = view.stack,
                .redactor = view.redactor},
               process, json);
  // The revision covers the hidden parts: environment, limits, ...
  absl::StrAppend(&text, process.revision);
  return StrongEtag(text);
}

}  // namespace tallyman::api
