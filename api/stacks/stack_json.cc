#include "api/stacks/stack_json.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "api/json/json_writer.h"
#include "api/json/timestamp.h"
#include "stacks/model/registry.h"
#include "stacks/model/stack_health.h"

namespace tallyman::api {
namespace {

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
