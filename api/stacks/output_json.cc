#include "api/stacks/output_json.h"

#include <string>

#include "absl/time/time.h"
#include "api/description/schema.h"
#include "api/json/json_writer.h"
#include "api/json/timestamp.h"
#include "api/redaction/redaction.h"

namespace tallyman::api {
namespace {

constexpr Schema kLine = String("A line without its end.", "working");

constexpr Field kTimeFields[] = {
    {"seen_at",
     Time(
         "When the server saw the line, which was written at or before this "
         "time. For the newest lines, which it has not looked at yet, when the "
         "file was last changed.",
         "2026-11-22T00:10:09.512+00:00")},
    {"written_after",
     OrNull(Time("The line was written after this time; null if that is "
                 "unknown.",
                 "2026-11-22T00:10:08.510+00:00"))},
};
constexpr Schema kTime =
    Object("LineTime", "Between which times a line was written.", kTimeFields);

constexpr Field kFields[] = {
    {"process", String("The process.", "web")},
    {"server", String("The name of the server.", "server_name")},
    {"instance", Integer("The number of the instance.", "1", 1)},
    {"lines",
     Array("The last lines of its output that match, oldest first.", kLine)},
    {"times", Array("With `times=1`: the times of these lines.", kTime),
     kOptional},
};

}  // namespace

constexpr Schema kInstanceOutputSchema =
    Object("InstanceOutput", "The output of an instance.", kFields);

constexpr Schema kOutputTextSchema = String(
    "The lines of all instances in the order in which the server saw them, "
    "each "
    "with the name and number of its instance, or those of one `instance=` as "
    "they are. With `times=1`, the time at which the server saw a line is in "
    "front of it.",
    "web.1 | working\n");

void WriteInstanceOutput(const InstanceOutput& output, const Redactor& redactor,
                         JsonWriter& json) {
  json.BeginObject();
  json.Key("process");
  json.String(output.process);
  json.Key("server");
  json.String(output.server);
  json.Key("instance");
  json.Int(output.instance);
  json.Key("lines");
  json.BeginArray();
  for (const std::string& line : output.lines) {
    json.String(redactor.Text(line));
  }
  json.EndArray();
  if (output.has_times) {
    json.Key("times");
    json.BeginArray();
    for (const LineTime& time : output.times) {
      json.BeginObject();
      json.Key("seen_at");
      json.String(LocalTimestampMillis(time.seen, absl::UTCTimeZone()));
      json.Key("written_after");
      if (time.after == absl::InfinitePast()) {
        json.Null();
      } else {
        json.String(LocalTimestampMillis(time.after, absl::UTCTimeZone()));
      }
      json.EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
}

}  // namespace tallyman::api
