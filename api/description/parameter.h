// One parameter of an operation: in the path, in the query or in a header. The
// parser and the description read the same constant.
//
//   inline constexpr Parameter kLimitParameter = {
//       .name = "limit", .schema = Integer("At most so many.", "10", 1)};
//   const auto limit = ReadInteger(params, kLimitParameter);

#ifndef TALLYMAN_API_DESCRIPTION_PARAMETER_H_
#define TALLYMAN_API_DESCRIPTION_PARAMETER_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "api/description/schema.h"
#include "api/http/params.h"

namespace tallyman::api {

struct Parameter {
  std::string_view name;
  // An array is a list of values with commas between them.
  Schema schema;
  // May also be written NAME[KEY]=VALUE.
  bool is_map = false;
  // Must have the value of this parameter of the path; "" for most.
  std::string_view repeats = {};
};

using Parameters = absl::Span<const Parameter* const>;

// The first value of `parameter`; nullopt if it is absent.
std::optional<std::string_view> Read(const Params& params,
                                     const Parameter& parameter);

// The first value of `parameter`, in the range of its schema; nullopt if it is
// absent. InvalidArgument names the parameter and the range, and quotes the
// value.
absl::StatusOr<std::optional<int64_t>> ReadInteger(const Params& params,
                                                   const Parameter& parameter);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_DESCRIPTION_PARAMETER_H_
