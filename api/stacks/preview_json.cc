#include "api/stacks/preview_json.h"

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/params.h"
#include "api/json/json_writer.h"
#include "api/stacks/action_json.h"
#include "platform/base/text.h"
#include "stacks/model/preview.h"
#include "stacks/model/registry.h"

namespace tallyman::api {
namespace {

constexpr std::string_view kDryRunValues[] = {"0", "1", "false", "true"};

constexpr Field kServerFields[] = {
    {"uid", Uid("The uid of the server.", "e63e859d5ab72b0bcf14321f0ffb013d")},
    {"name", String("Its name.", "web-1")},
    {"desired_before", Integer("The desired number now.", "2", 0)},
    {"desired", Integer("The desired number afterwards.", "4", 0)},
    {"start", Integer("New instances.", "2", 0)},
    {"stop", Integer("Instances that go.", "0", 0)},
    {"restart", Integer("Instances that stay, and start again with another "
                        "definition.",
                        "0", 0)},
};
constexpr Schema kServerSchema =
    Object("PreviewOfServer",
           "A process on one server. The numbers follow from the desired ones; "
           "an instance that does not run now counts like one that does.",
           kServerFields);

constexpr Schema kFieldName = String("The key.", "command");
constexpr Field kProcessFields[] = {
    {"name", String("The name of the process.", "web")},
    {"change",
     OneOf(EnumNames<stacks::ProcessChangeName, stacks::ProcessChange::kNone,
                     stacks::kLastProcessChange>,
           String("Of its definition.", "none"))},
    {"fields",
     Array("`changed`: the keys of the definition that differ.", kFieldName)},
    {"servers", Array("Where its instances change, and where a scale names "
                      "their number.",
                      kServerSchema)},
};
constexpr Schema kProcessSchema =
    Object("PreviewOfProcess", "A process that would change.", kProcessFields);

constexpr Schema kActionId = Integer("The id of an action.", "9", 1);
constexpr Field kFields[] = {
    {"dry_run", Boolean("`true`: nothing has changed.", "true")},
    {"uid", OrNull(Uid("The uid of the stack; null if it would be new."))},
    {"name", String("Its name afterwards.", "shop")},
    {"environment", String("Its environment afterwards.", "production")},
    {"deleted", Boolean("Whether it would be removed.", "false")},
    {"fields",
     Array("`name` and `environment`, if they would change.", kFieldName)},
    {"start", Integer("New instances, in all.", "2", 0)},
    {"stop", Integer("Instances that go, in all.", "0", 0)},
    {"restart", Integer("Instances that start again, in all.", "0", 0)},
    {"processes", Array("The processes that would change.", kProcessSchema)},
    {"superseded",
     Array("The open actions that would end without success.", kActionId)},
};

void WriteNames(std::string_view key,
                const std::vector<std::string_view>& names, JsonWriter& json) {
  json.Key(key);
  json.BeginArray();
  for (const std::string_view name : names) json.String(name);
  json.EndArray();
}

void WriteNumber(std::string_view key, int64_t number, JsonWriter& json) {
  json.Key(key);
  json.Int(number);
}

void WriteServer(const stacks::ServerPreview& server,
                 const stacks::RegistrySnapshot& registry, JsonWriter& json) {
  json.BeginObject();
  json.Key("uid");
  json.String(server.server_uid);
  json.Key("name");
  json.String(registry.ServerName(server.server_uid));
  WriteNumber("desired_before", server.desired_before, json);
  WriteNumber("desired", server.desired, json);
  WriteNumber("start", server.start, json);
  WriteNumber("stop", server.stop, json);
  WriteNumber("restart", server.restart, json);
  json.EndObject();
}

void WriteProcess(const stacks::ProcessPreview& process,
                  const stacks::RegistrySnapshot& registry, JsonWriter& json) {
  json.BeginObject();
  json.Key("name");
  json.String(process.name);
  json.Key("change");
  json.String(stacks::ProcessChangeName(process.change));
  WriteNames("fields", process.fields, json);
  json.Key("servers");
  json.BeginArray();
  for (const stacks::ServerPreview& server : process.servers) {
    WriteServer(server, registry, json);
  }
  json.EndArray();
  json.EndObject();
}

}  // namespace

constexpr Parameter kDryRunParameter = {
    .name = "dry_run",
    .schema = OneOf(
        ConstantValues<kDryRunValues>,
        WithDefault("0", String("`1`: checks the request like a real one, says "
                                "what it would do, and changes nothing. Only "
                                "in the address. A key `Idempotency-Key` is "
                                "checked, and then ignored.",
                                "0")))};

absl::StatusOr<bool> ParseDryRun(const Params& params) {
  const std::string_view value = Read(params, kDryRunParameter).value_or("0");
  if (value == "0" || value == "false") return false;
  if (value == "1" || value == "true") return true;
  return absl::InvalidArgumentError(
      absl::StrCat(kDryRunParameter.name, ": ", base::Quote(value),
                   " is none of 1, true, 0 and false"));
}

constexpr Schema kPreviewSchema =
    Object("Preview", "What a change of a stack would do.", kFields);

constexpr Schema kActionOrPreviewSchema = [] {
  Schema schema = Either(kActionSchema, kPreviewSchema);
  schema.name = "ActionOrPreview";
  return schema;
}();

void WritePreview(const stacks::Preview& preview,
                  const stacks::RegistrySnapshot& registry, JsonWriter& json) {
  int64_t start = 0;
  int64_t stop = 0;
  int64_t restart = 0;
  for (const stacks::ProcessPreview& process : preview.processes) {
    for (const stacks::ServerPreview& server : process.servers) {
      start += server.start;
      stop += server.stop;
      restart += server.restart;
    }
  }
  json.BeginObject();
  json.Key("dry_run");
  json.Bool(true);
  json.Key("uid");
  if (preview.stack->uid.empty()) {
    json.Null();
  } else {
    json.String(preview.stack->uid);
  }
  json.Key("name");
  json.String(preview.stack->name);
  json.Key("environment");
  json.String(preview.stack->environment);
  json.Key("deleted");
  json.Bool(preview.stack->deleting);
  WriteNames("fields", preview.fields, json);
  WriteNumber("start", start, json);
  WriteNumber("stop", stop, json);
  WriteNumber("restart", restart, json);
  json.Key("processes");
  json.BeginArray();
  for (const stacks::ProcessPreview& process : preview.processes) {
    WriteProcess(process, registry, json);
  }
  json.EndArray();
  json.Key("superseded");
  json.BeginArray();
  for (const int64_t id : preview.superseded) json.Int(id);
  json.EndArray();
  json.EndObject();
}

}  // namespace tallyman::api
