#include "api/host/host_envelope.h"

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/host/process_query.h"
#include "api/http/error.h"
#include "api/json/json_writer.h"
#include "api/json/timestamp.h"
#include "platform/process.h"

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

}  // namespace

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
