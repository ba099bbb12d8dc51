#include "api/host/process_detail_fields.h"

#include <cstdint>
#include <string>

#include "absl/types/span.h"
#include "api/json/json_writer.h"
#include "platform/process_details.h"

namespace tallyman::api {
namespace {

void WriteSocket(const platform::ListeningSocket& socket, JsonWriter& json) {
  json.BeginObject();
  json.Key("protocol");
  json.String(socket.protocol);
  json.Key("address");
  json.String(socket.address);
  json.Key("port");
  if (socket.port < 0) {
    json.Null();
  } else {
    json.Int(socket.port);
  }
  json.EndObject();
}

}  // namespace

void WriteProcessDetails(const platform::ProcessDetails& details,
                         absl::Span<const int32_t> children, JsonWriter& json) {
  json.Key("pss");
  json.Int(details.proportional_bytes);
  json.Key("open_descriptors");
  json.Int(details.open_descriptors);
  json.Key("listening");
  if (details.listening) {
    json.BeginArray();
    for (const platform::ListeningSocket& socket : *details.listening) {
      WriteSocket(socket, json);
    }
    json.EndArray();
  } else {
    json.Null();
  }
  json.Key("environment_names");
  if (details.environment_names) {
    json.BeginArray();
    for (const std::string& name : *details.environment_names) {
      json.String(name);
    }
    json.EndArray();
  } else {
    json.Null();
  }
  json.Key("children");
  json.BeginArray();
  for (const int32_t pid : children) json.Int(pid);
  json.EndArray();
}

}  // namespace tallyman::api
