#include "api/stacks/event_stream.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "api/description/schema.h"
#include "api/json/json_writer.h"
#include "api/redaction/redaction.h"
#include "api/stacks/event_json.h"
#include "stacks/model/event.h"

namespace tallyman::api {

constexpr Schema kEventStreamSchema = String(
    "Server-sent events, one for each event, of the type that its member "
    "`event` names; `gap` where events may be missing. `data` is one JSON "
    "object.",
    "event: started\n"
    "id: 42\n"
    "data: {\"id\":42,\"time\":\"2016-01-01T19:08:05Z\","
    "\"event\":\"started\","
    "\"stack_uid\":\"5999b763474b0eafa5fafb64bff0ba80\","
    "\"process\":\"web\","
    "\"server_uid\":\"e63e859d5ab72b0bcf14321f0ffb013d\","
    "\"instance\":1,\"pid\":4153,\"cause\":\"scaled to 4\","
    "\"action_id\":null,\"user\":null}\n\n");

void AppendStreamEvent(const stacks::Event& event, const Redactor& redactor,
                       std::string& out) {
  absl::StrAppend(&out, "event: ", stacks::EventKindName(event.kind),
                  "\nid: ", event.id, "\ndata: ");
  // JSON text has no line ends: they are escaped in strings.
  JsonWriter json(out);
  WriteEvent(event, redactor, json);
  out += "\n\n";
}

void AppendStreamGap(int64_t from, int64_t to, std::string_view reason,
                     std::string& out) {
  out += "event: gap\ndata: ";
  JsonWriter json(out);
  json.BeginObject();
  json.Key("from");
  json.Int(from);
  json.Key("to");
  json.Int(to);
  json.Key("reason");
  json.String(reason);
  json.EndObject();
  out += "\n\n";
}

}  // namespace tallyman::api
