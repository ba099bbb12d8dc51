#include "server/log/request_log.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "api/http/params.h"
#include "api/json/json_writer.h"
#include "api/redaction/redaction.h"
#include "server/log/log.h"

namespace tallyman::server {
namespace {

// The decoded query, since an encoded name would hide a token, without secrets.
std::string RedactedQuery(const api::Params& params,
                          const api::Redactor& redactor) {
  if (params.all().empty()) return "";
  std::string query;
  for (const auto& [name, value] : params.all()) {
    absl::StrAppend(
        &query, query.empty() ? "" : "&", name, "=",
        name == "token" || redactor.IsSecretName(name) ? "***" : value);
  }
  return redactor.Text(query);
}

}  // namespace

RequestLog::Text RequestLog::RedactedPath(std::string_view path,
                                          bool may_cache) const {
  {
    const absl::ReaderMutexLock lock(&mutex_);
    const auto found = paths_.find(path);
    if (found != paths_.end()) return found->second;
  }
  auto text = std::make_shared<const std::string>(
      redactor_.Text(api::DecodePercent(path)));
  if (!may_cache || path.size() > kMaxCachedPathBytes) return text;
  const absl::MutexLock lock(&mutex_);
  if (paths_.size() >= kMaxCachedPaths) paths_.clear();
  paths_.try_emplace(path, text);
  return text;
}

void RequestLog::Add(const RequestRecord& record) const {
  // Paths of failed requests are arbitrary and would evict the others.
  const Text path = RedactedPath(record.request.path, record.status < 400);
  const std::string query = RedactedQuery(record.request.params, redactor_);
  log_.InfoSoon("request", [&](api::JsonWriter& json) {
    json.Key("method");
    json.String(record.request.method);
    json.Key("path");
    json.String(*path);
    json.Key("query");
    json.String(query);
    json.Key("status");
    json.Int(record.status);
    json.Key("bytes");
    json.Int(static_cast<int64_t>(record.response_bytes));
    json.Key("duration_ms");
    json.Double(absl::ToDoubleMilliseconds(record.duration));
    json.Key("remote");
    json.String(record.remote);
    if (record.has_forwarding_conflict) {
      json.Key("forwarding_conflict");
      json.Bool(true);
    }
    json.Key("user");
    json.String(record.user);
  });
}

void LogRequest(const RequestRecord& record, const api::Redactor& redactor,
                const Log& log) {
  RequestLog(log, redactor).Add(record);
}

}  // namespace tallyman::server
