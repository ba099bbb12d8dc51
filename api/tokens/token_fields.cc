#include "api/tokens/token_fields.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/json/json_reader.h"
#include "api/json/json_writer.h"
#include "api/json/timestamp.h"
#include "auth/token.h"
#include "nlohmann/json.hpp"

namespace tallyman::api {

absl::Status ReadScopes(const nlohmann::json& value, auth::ScopeSet& scopes) {
  if (!value.is_array()) {
    return WrongType("scopes", "a list such as [\"public\"]", value);
  }
  std::vector<std::string> names;
  for (const nlohmann::json& name : value) {
    if (!name.is_string()) {
      return WrongType("scopes", "a list of strings", name);
    }
    names.push_back(name.get<std::string>());
  }
  absl::StatusOr<auth::ScopeSet> parsed = auth::ParseScopes(names);
  if (!parsed.ok()) return parsed.status();
  scopes = *parsed;
  return absl::OkStatus();
}

void WriteScopes(auth::ScopeSet scopes, JsonWriter& json) {
  json.BeginArray();
  for (const std::string_view scope : scopes.Names()) json.String(scope);
  json.EndArray();
}

void WriteTime(std::optional<absl::Time> time, JsonWriter& json) {
  if (time) {
    json.String(UtcTimestamp(*time));
  } else {
    json.Null();
  }
}

}  // namespace tallyman::api
