#include "api/stacks/output_json.h"

#include <string>

#include "api/json/json_writer.h"
#include "api/redaction/redaction.h"

namespace tallyman::api {

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
