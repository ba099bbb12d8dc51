#include "api/host/host_envelope.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/description/schema.h"
#include "api/host/process_detail_fields.h"
#include "api/host/process_query.h"
#include "api/http/error.h"
#include "api/json/json_writer.h"
#include "api/json/timestamp.h"
#include "platform/process.h"
#include "platform/process_details.h"

namespace tallyman::api {
namespace {

// The usual size of one process, so that the string seldom reallocates.
constexpr size_t kBytesPerProcess = 320;

void BeginEnvelope(int status_code, std::string_view status_desc,
                   JsonWriter& json) {
  json.BeginObject();
  json.Key("status_code");
  json.Int(status_code);
  json.Key("status_desc");
  json.String(status_desc);
  json.Key("data");
  json.BeginArray();
}

void EndEnvelope(absl::Time generated, absl::TimeZone zone, JsonWriter& json) {
  json.EndArray();
  json.Key("time_generated");
  json.String(LocalTimestamp(generated, zone));
  json.EndObject();
}

constexpr Schema kStatusCode =
    Integer("The status of HTTP again.", "200", 100, 599);
constexpr Schema kTimeGenerated = Time(
    "When the server made the answer: ISO 8601 with the offset of its "
    "time zone.",
    "2020-09-23T10:54:18-06:00");
constexpr Field kProcessesFields[] = {
    {"status_code", kStatusCode},
    {"status_desc", String("`Ok`.", "Ok")},
    {"data",
     Array("The processes, in the requested order.", kHostProcessSchema)},
    {"time_generated", kTimeGenerated},
};

constexpr Field kListOfOneFields[] = {
    {"status_code", kStatusCode},
    {"status_desc", String("`Ok`.", "Ok")},
    {"data", ArrayOfOne("The process.", kHostProcessDetailsSchema)},
    {"time_generated", kTimeGenerated},
};

constexpr Schema kNoProcesses = [] {
  Schema schema = Array("Empty.", kHostProcessSchema);
  schema.max = 0;
  return schema;
}();

constexpr Field kErrorFields[] = {
    {"status_code", Integer("The status of HTTP again.", "400", 400, 599)},
    {"status_desc",
     String("What is wrong, in words that a caller can act on.",
            "limit: \"x\" is not an integer from 1 to 9223372036854775807")},
    {"data", kNoProcesses},
    {"time_generated", kTimeGenerated},
};

}  // namespace

constexpr Schema kHostProcessesSchema =
    Object("HostProcesses", "The processes of the machine.", kProcessesFields);
constexpr Schema kHostProcessListOfOneSchema = Object(
    "HostProcessListOfOne", "A process of the machine.", kListOfOneFields);
constexpr Schema kHostErrorSchema =
    Object("HostError", "An error of the host family.", kErrorFields);

std::string RenderProcesses(absl::Span<const platform::Process> processes,
                            absl::Span<const ProcessKey* const> keys,
                            const ProcessFormat& format, absl::Time generated) {
  std::string out;
  out.reserve(processes.size() * kBytesPerProcess + 128);
  JsonWriter json(out);
  BeginEnvelope(200, "Ok", json);
  for (const platform::Process& process : processes) {
    json.BeginObject();
    for (const ProcessKey* key : keys) {
      json.Key(key->name);
      key->write(process, format, json);
    }
    json.EndObject();
  }
  EndEnvelope(generated, format.zone, json);
  return out;
}

std::string RenderProcessDetails(const platform::Process& process,
                                 const platform::ProcessDetails& details,
                                 absl::Span<const int32_t> children,
                                 const ProcessFormat& format,
                                 absl::Time generated) {
  std::string out;
  JsonWriter json(out);
  BeginEnvelope(200, "Ok", json);
  json.BeginObject();
  for (const ProcessKey& key : ProcessKeys()) {
    json.Key(key.name);
    key.write(process, format, json);
  }
  WriteProcessDetails(details, children, json);
  json.EndObject();
  EndEnvelope(generated, format.zone, json);
  return out;
}

std::string RenderHostError(const Error& error, absl::Time generated,
                            absl::TimeZone zone) {
  std::string out;
  JsonWriter json(out);
  std::string_view words = error.details;
  if (words.empty()) words = ErrorDescription(error.kind);
  BeginEnvelope(HttpStatus(error.kind), words, json);
  EndEnvelope(generated, zone, json);
  return out;
}

}  // namespace tallyman::api
