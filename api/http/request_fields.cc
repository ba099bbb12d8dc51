#include "api/http/request_fields.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "api/http/http.h"
#include "api/http/media_type.h"
#include "api/http/params.h"
#include "api/json/json_reader.h"
#include "nlohmann/json.hpp"
#include "platform/base/text.h"

namespace tallyman::api {
namespace {

using Json = nlohmann::json;

// Sets the field `name` to `value`. InvalidArgument if it has a different value
// already.
absl::Status SetField(std::string_view name, std::string_view value,
                      std::optional<std::string>& field) {
  if (value.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": is empty"));
  }
  if (field.has_value() && *field != value) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": is given twice, as ", base::Quote(*field),
                     " and as ", base::Quote(value)));
  }
  field = std::string(value);
  return absl::OkStatus();
}

}  // namespace

bool HasSupportedBodyType(const Request& request) {
  return request.body.empty() || HasContentType(request, kFormMediaType) ||
         HasContentType(request, kJsonMediaType);
}

absl::StatusOr<RequestFields> RequestFields::Read(
    const Request& request, absl::Span<const std::string_view> names) {
  const auto check_known = [&](std::string_view name) {
    if (absl::c_linear_search(names, name)) return absl::OkStatus();
    return UnknownKey("", name, absl::StrJoin(names, ", "));
  };
  RequestFields fields;
  fields.query_ = request.params;
  if (request.body.empty()) return fields;
  if (HasContentType(request, kFormMediaType)) {
    fields.form_ = Params::Parse(request.body);
    for (const auto& [name, value] : fields.form_.all()) {
      const std::string_view field(name);
      absl::Status known = check_known(field.substr(0, field.find('[')));
      if (!known.ok()) return known;
    }
    return fields;
  }
  if (!HasContentType(request, kJsonMediaType)) {
    return absl::InvalidArgumentError(
        "the body is neither JSON nor a form, according to its Content-Type");
  }
  absl::StatusOr<Json> json = ParseJsonObject(request.body);
  if (!json.ok()) return json.status();
  for (const auto& [name, value] : json->items()) {
    if (absl::Status known = check_known(name); !known.ok()) return known;
  }
  fields.json_ = *std::move(json);
  return fields;
}

absl::StatusOr<std::optional<std::string>> RequestFields::GetString(
    std::string_view name) const {
  std::optional<std::string> found;
  for (const Params* const params : {&query_, &form_}) {
    for (const auto& [key, value] : params->all()) {
      if (key.starts_with(absl::StrCat(name, "["))) {
        return absl::InvalidArgumentError(
            absl::StrCat(name, ": takes one value, not a list"));
      }
      if (key != name) continue;
      absl::Status status = SetField(name, value, found);
      if (!status.ok()) return status;
    }
  }
  const auto member = json_.find(name);
  if (member == json_.end() || member->is_null()) return found;
  std::string value;
  if (absl::Status read = ReadString(name, *member, value); !read.ok()) {
    return read;
  }
  if (absl::Status status = SetField(name, value, found); !status.ok()) {
    return status;
  }
  return found;
}

absl::StatusOr<std::optional<int64_t>> RequestFields::GetInteger(
    std::string_view name, int64_t min, int64_t max) const {
  // The texts, and the number of JSON as another one.
  RequestFields texts = *this;
  const auto member = texts.json_.find(name);
  if (member != texts.json_.end() && !member->is_null()) {
    int64_t number = 0;
    if (absl::Status read = ReadInteger(name, *member, number); !read.ok()) {
      return read;
    }
    *member = absl::StrCat(number);
  }
  const absl::StatusOr<std::optional<std::string>> text = texts.GetString(name);
  if (!text.ok()) return text.status();
  if (!text->has_value()) return std::nullopt;
  int64_t number = 0;
  if ((*text)->find_first_not_of("0123456789") != std::string::npos ||
      !absl::SimpleAtoi(**text, &number) || number < min || number > max) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": ", base::Quote(**text),
                     " is not an integer from ", min, " to ", max));
  }
  return number;
}

}  // namespace tallyman::api
