#include "api/description/parameter.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "api/http/params.h"

namespace tallyman::api {

std::optional<std::string_view> Read(const Params& params,
                                     const Parameter& parameter) {
  return params.Get(parameter.name);
}

absl::StatusOr<std::optional<int64_t>> ReadInteger(const Params& params,
                                                   const Parameter& parameter) {
  return params.GetInteger(
      parameter.name, parameter.schema.min.value_or(0),
      parameter.schema.max.value_or(std::numeric_limits<int64_t>::max()));
}

}  // namespace tallyman::api
