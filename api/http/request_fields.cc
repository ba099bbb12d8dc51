#include "api/http/request_fields.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "api/http/http.h"
#include "api/http/params.h"
#include "api/json/json_reader.h"
#include "nlohmann/json.hpp"
#include "platform/base/text.h"

namespace tallyman::api {
namespace {

using Json = nlohmann::json;

// The type without its parameters, as in "application/json; charset=utf-8".
bool HasType(const Request& request, std::string_view type) {
  const std::string_view header = request.Header("Content-Type");
  return absl::EqualsIgnoreCase(
      absl::StripAsciiWhitespace(header.substr(0, header.find(';'))), type);
}

bool IsForm(const Request& request) {
  return HasType(request, "application/x-www-form-urlencoded");
}

bool IsJson(const Request& request) {
  return HasType(request, "application/json");
}

// Takes `value` for the field unless it has another one already.
absl::Status Take(std::string_view name, std::string_view value,
                  std::optional<std::string>& taken) {
  if (value.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": is empty"));
  }
  if (taken.has_value() && *taken != value) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": is given twice, as ", base::Quote(*taken),
                     " and as ", base::Quote(value)));
  }
  taken = std::string(value);
  return absl::OkStatus();
}

}  // namespace

bool HasSupportedBodyType(const Request& request) {
  return request.body.empty() || IsForm(request) || IsJson(request);
}

absl::StatusOr<RequestFields> RequestFields::Read(
    const Request& request, absl::Span<const std::string_view> names) {
  const auto check = [&](std::string_view name) {
    if (absl::c_linear_search(names, name)) return absl::OkStatus();
    return UnknownKey("", name, absl::StrJoin(names, ", "));
  };
  RequestFields fields;
  fields.query_ = request.params;
  if (request.body.empty()) return fields;
  if (IsForm(request)) {
    fields.form_ = Params::Parse(request.body);
    for (const auto& [name, value] : fields.form_.all()) {
      const std::string_view field(name);
      absl::Status known = check(field.substr(0, field.find('[')));
      if (!known.ok()) return known;
    }
    return fields;
  }
  if (!IsJson(request)) {
    return absl::InvalidArgumentError(
        "the body is neither JSON nor a form, by its Content-Type");
  }
  absl::StatusOr<Json> json = ParseJsonObject(request.body);
  if (!json.ok()) return json.status();
  for (const auto& [name, value] : json->items()) {
    if (absl::Status known = check(name); !known.ok()) return known;
  }
  fields.json_ = *std::move(json);
  return fields;
}

absl::StatusOr<std::optional<std::string>> RequestFields::GetString(
    std::string_view name) const {
  std::optional<std::string> taken;
  for (const Params* const params : {&query_, &form_}) {
    for (const auto& [key, value] : params->all()) {
      if (key.starts_with(absl::StrCat(name, "["))) {
        return absl::InvalidArgumentError(
            absl::StrCat(name, ": is one text, and no list"));
      }
      if (key != name) continue;
      absl::Status status = Take(name, value, taken);
      if (!status.ok()) return status;
    }
  }
  const auto member = json_.find(name);
  if (member == json_.end() || member->is_null()) return taken;
  std::string value;
  if (absl::Status read = ReadString(name, *member, value); !read.ok()) {
    return read;
  }
  if (absl::Status status = Take(name, value, taken); !status.ok()) {
    return status;
  }
  return taken;
}

}  // namespace tallyman::api
