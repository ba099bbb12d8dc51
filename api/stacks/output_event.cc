#include "api/stacks/output_event.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "api/description/schema.h"
#include "api/json/json_writer.h"
#include "api/json/timestamp.h"
#include "api/redaction/redaction.h"

namespace tallyman::api {
namespace {

// An event without its line and names, about.
constexpr size_t kFrameBytes = 256;

void WriteOrigin(const OutputOrigin& origin, JsonWriter& json) {
  json.Key("process");
  json.String(origin.process);
  json.Key("server");
  json.String(origin.server);
  json.Key("instance");
  if (origin.instance == 0) {
    json.Null();
  } else {
    json.Int(origin.instance);
  }
}

}  // namespace

constexpr Schema kOutputStreamSchema = String(
    "Server-sent events: `output` for each line, `gap` where lines may be "
    "missing, `end` when there is nothing more to follow. `data` is one JSON "
    "object.",
    "event: output\n"
    "id: 0:0:1:0:4711\n"
    "data: {\"process\":\"web\",\"server\":\"server_name\",\"instance\":1,"
    "\"line\":\"working\"}\n\n");

void AppendOutputEvent(const OutputEvent& event, const Redactor& redactor,
                       std::string& out) {
  out.reserve(out.size() + event.line.size() + kFrameBytes);
  out += "event: output\nid: ";
  out += event.id;
  // JSON text has no line ends: they are escaped in strings.
  out += "\ndata: ";
  JsonWriter json(out);
  json.BeginObject();
  WriteOrigin(event.origin, json);
  json.Key("line");
  json.String(redactor.Text(event.line));
  if (event.is_partial) {
    json.Key("partial");
    json.Bool(true);
  }
  if (event.time != absl::InfinitePast()) {
    json.Key("time");
    json.String(LocalTimestampMillis(event.time, absl::UTCTimeZone()));
  }
  json.EndObject();
  out += "\n\n";
}

void AppendGapEvent(const OutputOrigin& origin, std::string_view reason,
                    int64_t lines, std::string& out) {
  out += "event: gap\ndata: ";
  JsonWriter json(out);
  json.BeginObject();
  WriteOrigin(origin, json);
  json.Key("reason");
  json.String(reason);
  json.Key("lines");
  if (lines < 0) {
    json.Null();
  } else {
    json.Int(lines);
  }
  json.EndObject();
  out += "\n\n";
}

void AppendEndEvent(const OutputOrigin& origin, std::string_view reason,
                    std::string& out) {
  out += "event: end\ndata: ";
  JsonWriter json(out);
  json.BeginObject();
  WriteOrigin(origin, json);
  json.Key("reason");
  json.String(reason);
  json.EndObject();
  out += "\n\n";
}

void AppendEventId(std::string_view id, std::string& out) {
  out += "id: ";
  out += id;
  out += "\n\n";
}

void AppendKeepAlive(std::string& out) { out += ": keep-alive\n\n"; }

}  // namespace tallyman::api
