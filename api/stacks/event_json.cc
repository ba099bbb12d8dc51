#include "api/stacks/event_json.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "api/json/json_writer.h"
#include "api/json/timestamp.h"
#include "api/redaction/redaction.h"
#include "stacks/model/event.h"

namespace tallyman::api {
namespace {

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

void WriteEvent(const stacks::Event& event, const Redactor& redactor,
                JsonWriter& json) {
  json.BeginObject();
  json.Key("id");
  json.Int(event.id);
  json.Key("time");
  json.String(UtcTimestamp(event.time));
  json.Key("event");
  json.String(stacks::EventKindName(event.kind));
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
