#include "api/stacks/output_event.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
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

// Appends the character of the escape sequence that `text` begins with; returns
// the size of the sequence. JsonWriter writes \u for control characters only.
size_t Unescape(std::string_view text, std::string& out) {
  const char c = text.size() < 2 ? '\\' : text[1];
  switch (c) {
    case 'b':
      out += '\b';
      return 2;
    case 'f':
      out += '\f';
      return 2;
    case 'n':
      out += '\n';
      return 2;
    case 'r':
      out += '\r';
      return 2;
    case 't':
      out += '\t';
      return 2;
    case 'u': {
      uint32_t code = 0;
      if (absl::SimpleHexAtoi(text.substr(2, 4), &code)) {
        out += static_cast<char>(code);
      }
      return std::min<size_t>(6, text.size());
    }
    default:
      out += c;
      return std::min<size_t>(2, text.size());
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
    json.Key("seen_at");
    json.String(LocalTimestampMillis(event.time, absl::UTCTimeZone()));
  }
  json.EndObject();
  out += "\n\n";
}

std::optional<std::string_view> LineOfOutputEvent(std::string_view event,
                                                  std::string& buffer) {
  if (!absl::StartsWith(event, "event: output\n")) return std::nullopt;
  // In a string the quotation marks have a backslash before them.
  constexpr std::string_view kKey = ",\"line\":\"";
  const size_t key = event.find(kKey);
  if (key == std::string_view::npos) return std::nullopt;
  event.remove_prefix(key + kKey.size());
  size_t end = event.find_first_of("\"\\");
  if (end == std::string_view::npos) return std::nullopt;
  if (event[end] == '"') return event.substr(0, end);
  buffer.clear();
  while (end != std::string_view::npos && event[end] == '\\') {
    buffer += event.substr(0, end);
    event.remove_prefix(end);
    event.remove_prefix(Unescape(event, buffer));
    end = event.find_first_of("\"\\");
  }
  buffer += event.substr(0, end);
  return buffer;
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
