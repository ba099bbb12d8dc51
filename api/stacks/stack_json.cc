#include "api/stacks/stack_json.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "api/description/schema.h"
#include "api/json/json_writer.h"
#include "api/json/timestamp.h"
#include "stacks/model/registry.h"
#include "stacks/model/stack_health.h"

namespace tallyman::api {
namespace {

constexpr Schema kHealth = Integer(
    "0 unknown, 1 building, 2 impaired, 3 healthy, 4 failed.", "3", 0, 4);
constexpr Schema kCreatedAt = Time("When it was created.");
constexpr Schema kUpdatedAt = Time("When its definition changed last.");
constexpr Schema kCreatedAtIso = Time("The same as `created_at`.");
constexpr Schema kUpdatedAtIso = Time("The same as `updated_at`.");

constexpr Field kStackFields[] = {
    {"uid", Uid("The uid of the stack.")},
    {"name", String("Its name.", "shop")},
    {"environment", String("Its environment; may be \"\".", "production")},
    {"status", Integer("1 deployed, 2 failed, 6 deploying.", "1", 1, 6)},
    {"health", kHealth},
    {"created_at", kCreatedAt},
    {"updated_at", kUpdatedAt},
    {"created_at_iso", kCreatedAtIso},
    {"updated_at_iso", kUpdatedAtIso},
};

constexpr Field kServerFields[] = {
    {"uid", Uid("The uid of the server.", "e63e859d5ab72b0bcf14321f0ffb013d")},
    {"name", String("Its name.", "server_name")},
    {"address", String("Its address.", "127.0.0.1")},
    {"stack_uid", Uid("The uid of the stack.")},
    {"health_state", kHealth},
    {"created_at", kCreatedAt},
    {"updated_at", kUpdatedAt},
    {"created_at_iso", kCreatedAtIso},
    {"updated_at_iso", kUpdatedAtIso},
};

// Published clients read the keys that end in _iso; created_at and updated_at
// are those of this API.
void WriteTimes(absl::Time created_at, absl::Time updated_at,
                JsonWriter& json) {
  const std::string created = UtcTimestamp(created_at);
  const std::string updated = UtcTimestamp(updated_at);
  json.Key("created_at");
  json.String(created);
  json.Key("updated_at");
  json.String(updated);
  json.Key("created_at_iso");
  json.String(created);
  json.Key("updated_at_iso");
  json.String(updated);
}

int64_t StatusNumber(stacks::Health health) {
  switch (health) {
    case stacks::Health::kBuilding:
      return 6;
    case stacks::Health::kFailed:
      return 2;
    default:
      return 1;
  }
}

}  // namespace

constexpr Schema kStackSchema = Object("Stack", "A stack.", kStackFields);
constexpr Schema kServerSchema = Object(
    "Server", "A machine that runs processes of a stack.", kServerFields);

void WriteStack(const stacks::Stack& stack, stacks::Health health,
                JsonWriter& json) {
  json.BeginObject();
  json.Key("uid");
  json.String(stack.uid);
  json.Key("name");
  json.String(stack.name);
  json.Key("environment");
  json.String(stack.environment);
  json.Key("status");
  json.Int(StatusNumber(health));
  json.Key("health");
  json.Int(static_cast<int64_t>(health));
  WriteTimes(stack.created_at, stack.updated_at, json);
  json.EndObject();
}

void WriteServer(const stacks::Server& server, std::string_view stack_uid,
                 stacks::Health health, JsonWriter& json) {
  json.BeginObject();
  json.Key("uid");
  json.String(server.uid);
  json.Key("name");
  json.String(server.name);
  json.Key("address");
  json.String(server.address);
  json.Key("stack_uid");
  json.String(stack_uid);
  json.Key("health_state");
  json.Int(static_cast<int64_t>(health));
  WriteTimes(server.created_at, server.updated_at, json);
  json.EndObject();
}

}  // namespace tallyman::api
