// Compares the query of a request with the description of its operation.

#ifndef TALLYMAN_API_DESCRIPTION_QUERY_CHECK_H_
#define TALLYMAN_API_DESCRIPTION_QUERY_CHECK_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "api/description/operation.h"
#include "api/http/params.h"

namespace tallyman::api {

// InvalidArgument if `params` has a parameter that `operation` does not have:
// the message names it, the nearest one that the operation has, and all of
// these. Also if a parameter that is no map is there twice with different
// values, or repeats one of the path with another value.
// `path_values` are the values of the path's parameters, in order. Costs
// nothing without parameters.
absl::Status CheckQuery(const Operation& operation, const Params& params,
                        absl::Span<const std::string> path_values);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_DESCRIPTION_QUERY_CHECK_H_
