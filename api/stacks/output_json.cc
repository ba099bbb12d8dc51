#include "api/stacks/output_json.h"

#include <string>

#include "api/description/schema.h"
#include "api/json/json_writer.h"
#include "api/redaction/redaction.h"

namespace tallyman::api {
namespace {

constexpr Schema kLine = String("A line without its end.", "working");

constexpr Field kFields[] = {
    {"process", String("The process.", "web")},
    {"server", String("The name of the server.", "server_name")},
    {"instance", Integer("The number of the instance.", "1", 1)},
    {"lines", Array("The last lines of its output, oldest first.", kLine)},
};

}  // namespace

constexpr Schema kInstanceOutputSchema =
    Object("InstanceOutput", "The output of an instance.", kFields);

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
  json.EndObject();
}

}  // namespace tallyman::api
