// The fields of a request: parameters of its query, and of a body that is a
// form or a JSON object.
//
//   const auto fields = RequestFields::Read(request, {"name", "count"});
//   if (!fields.ok()) return fields.status();
//   const auto name = fields->GetString("name");

#ifndef TALLYMAN_API_HTTP_REQUEST_FIELDS_H_
#define TALLYMAN_API_HTTP_REQUEST_FIELDS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "api/http/http.h"
#include "api/http/params.h"
#include "nlohmann/json.hpp"

namespace tallyman::api {

// Whether RequestFields::Read() can read the body: its Content-Type is
// application/json or application/x-www-form-urlencoded, or it is empty. If
// not, respond with 415 (UnsupportedMediaType() in media_type.h).
bool HasSupportedBodyType(const Request& request);

// A plain value.
class RequestFields {
 public:
  // Reads the fields `names`; one of a form may also be written "name[...]".
  // The body must have a supported type. InvalidArgument if the body does not
  // match its type, or has a field other than `names`: a misspelt field must
  // not pass for an absent one. Other fields in the query are ignored, since it
  // may carry a token.
  static absl::StatusOr<RequestFields> Read(
      const Request& request, absl::Span<const std::string_view> names);

  // The value of a string field; nullopt if it is absent, or null in JSON.
  // InvalidArgument if it is empty, is not a string in JSON, or has two
  // different values.
  absl::StatusOr<std::optional<std::string>> GetString(
      std::string_view name) const;

  // The value of an integer field, in JSON a number; nullopt if it is absent,
  // or null in JSON. InvalidArgument if it is not an integer from `min` to
  // `max`, or has two different values.
  absl::StatusOr<std::optional<int64_t>> GetInteger(std::string_view name,
                                                    int64_t min,
                                                    int64_t max) const;

  // For fields of other types.
  const Params& query() const { return query_; }
  const Params& form() const { return form_; }
  const nlohmann::json& json() const { return json_; }  // Always an object.

 private:
  Params query_;
  Params form_;
  nlohmann::json json_ = nlohmann::json::object();
};

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HTTP_REQUEST_FIELDS_H_
