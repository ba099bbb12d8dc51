#include "server/log.h"

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "api/http.h"
#include "api/json_writer.h"
#include "api/params.h"
#include "api/redaction.h"

namespace tallyman::server {
namespace {

// The query, decoded, so that an encoded name hides no token.
std::string LoggableQuery(const api::Params& params,
                          const api::Redactor& redactor) {
  std::string query;
  for (const auto& [name, value] : params.all()) {
    absl::StrAppend(
        &query, query.empty() ? "" : "&", name, "=",
        name == "token" || redactor.IsSecretName(name) ? "***" : value);
  }
  return redactor.Text(query);
}

}  // namespace

void Log::Write(std::string_view level, std::string_view event,
                absl::FunctionRef<void(api::JsonWriter&)> add) const {
  std::string line;
  api::JsonWriter json(line);
  json.BeginObject();
  json.Key("time");
  json.String(absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(),
                               absl::UTCTimeZone()));
  json.Key("level");
  json.String(level);
  json.Key("event");
  json.String(event);
  add(json);
  json.EndObject();
  line.push_back('\n');
  const absl::MutexLock lock(&mutex_);
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = write(fd_, rest.data(), rest.size());
    // A log that can't be written is no reason to stop.
    if (written < 0 && errno != EINTR) return;
    if (written > 0) rest.remove_prefix(static_cast<size_t>(written));
  }
}

void LogRequest(const RequestRecord& record, const api::Redactor& redactor,
                const Log& log) {
  log.Info("request", [&](api::JsonWriter& json) {
    json.Key("method");
    json.String(record.request.method);
    json.Key("path");
    json.String(redactor.Text(api::DecodePercent(record.request.path)));
    json.Key("query");
    json.String(LoggableQuery(record.request.params, redactor));
    json.Key("status");
    json.Int(record.status);
    json.Key("bytes");
    json.Int(static_cast<int64_t>(record.response_bytes));
    json.Key("duration_ms");
    json.Double(absl::ToDoubleMilliseconds(record.duration));
    json.Key("remote");
    json.String(record.request.remote_address);
    json.Key("user");
    json.String(record.user);
  });
}

}  // namespace tallyman::server
