// The fields that a request gives in its query, and in a body that is a form or
// a JSON object, by name.

#ifndef TALLYMAN_API_HTTP_REQUEST_FIELDS_H_
#define TALLYMAN_API_HTTP_REQUEST_FIELDS_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "api/http/http.h"
#include "api/http/params.h"
#include "nlohmann/json.hpp"

namespace tallyman::api {

// Whether the body is one that RequestFields::Read understands, by its
// Content-Type: application/json, application/x-www-form-urlencoded, or there
// is no body. Where not, the answer is 415.
bool HasSupportedBodyType(const Request& request);

// A plain value.
class RequestFields {
 public:
  // InvalidArgument where the body is not what its type says, or has a field
  // that is none of `names`: what is misspelt must not pass for absent. In the
  // query others are fine (it may also carry a token). A field may be written
  // "name[...]" in a form. `request` must have a supported type of body.
  static absl::StatusOr<RequestFields> Read(
      const Request& request, absl::Span<const std::string_view> names);

  // The value of a field that is a string; nullopt if it is absent, or null in
  // JSON. InvalidArgument where it is empty, is no string in JSON, or is given
  // twice with different values.
  absl::StatusOr<std::optional<std::string>> GetString(
      std::string_view name) const;

  // For fields that are no strings.
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
