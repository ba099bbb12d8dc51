#include "api/stacks/event_json.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "api/description/schema.h"
#include "api/json/json_writer.h"
#include "api/json/timestamp.h"
#include "api/redaction/redaction.h"
#include "stacks/model/event.h"

namespace tallyman::api {
namespace {

constexpr Field kFields[] = {
    {"id", Integer("Ascending.", "42", 1)},
    {"time", Time("When it happened.")},
    {"event",
     OneOf(EnumNames<stacks::EventKindName, stacks::EventKind::kActionStarted,
                     stacks::kLastEventKind>,
           String("What happened.", "started"))},
    {"stack_uid", OrNull(Uid("The stack, for events of stacks."))},
    {"process", OrNull(String("The process, for events of instances.", "web"))},
    {"server_uid", OrNull(Uid("The server of the instance.",
                              "e63e859d5ab72b0bcf14321f0ffb013d"))},
    {"instance", OrNull(Integer("The number of the instance.", "1", 1))},
    {"pid", OrNull(Integer("Its process id.", "4153", 1))},
    {"cause", OrNull(String("Why, for people.", "scaled to 4"))},
    {"action_id",
     OrNull(Integer("The action, for events of actions.", "10", 1))},
    {"user", OrNull(String("The name of the token.", "deploy"))},
};

void WriteTextOrNull(std::string_view key, std::string_view text,
                     JsonWriter& json) {
  json.Key(key);
  if (text.empty()) {
    json.Null();
  } else {
    json.String(text);
  }
}

// 0 means that the number does not apply: ids, pids and instances are positive.
void WriteNumberOrNull(std::string_view key, int64_t number, JsonWriter& json) {
  json.Key(key);
  if (number == 0) {
    json.Null();
  } else {
    json.Int(number);
  }
}

}  // namespace

constexpr Schema kEventSchema =
    Object("Event",
           "A change of an instance, or a request. Fields that do not apply "
           "are null.",
           kFields);

void WriteEvent(const stacks::Event& event, const Redactor& redactor,
                JsonWriter& json) {
  json.BeginObject();
  json.Key("id");
  json.Int(event.id);
  json.Key("time");
  json.String(UtcTimestamp(event.time));
  json.Key("event");
  json.String(stacks::EventKindName(event.kind));
  WriteTextOrNull("stack_uid", event.stack_uid, json);
  WriteTextOrNull("process", event.process, json);
  WriteTextOrNull("server_uid", event.server_uid, json);
  WriteNumberOrNull("instance", event.instance, json);
  WriteNumberOrNull("pid", event.pid, json);
  WriteTextOrNull("cause", redactor.Text(event.cause), json);
  WriteNumberOrNull("action_id", event.action_id, json);
  WriteTextOrNull("user", event.user, json);
  json.EndObject();
}

}  // namespace tallyman::api
