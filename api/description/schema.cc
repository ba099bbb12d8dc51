#include "api/description/schema.h"

#include <string>

#include "absl/strings/str_join.h"

namespace tallyman::api {

std::string FieldNames(const Schema& object) {
  return absl::StrJoin(
      object.fields, ", ",
      [](std::string* out, const Field& field) { out->append(field.name); });
}

}  // namespace tallyman::api
