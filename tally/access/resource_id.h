// Resources with a number and a name: tokens, webhooks and clients.

#ifndef TALLYMAN_TALLY_ACCESS_RESOURCE_ID_H_
#define TALLYMAN_TALLY_ACCESS_RESOURCE_ID_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tally/cli/command.h"
#include "tally/client/api.h"

namespace tallyman::tally {

// The id that `text` is, or that the one resource with this name has; revoked
// ones do not count. `what` names the kind: "token". NotFound lists the names,
// InvalidArgument lists the ids if several have the name.
absl::StatusOr<int64_t> FindId(Api& api, std::string_view path,
                               std::string_view what, std::string_view text);

// Adds the option as an integer, under the key of the API, if it was given.
absl::Status AddNumber(const Invocation& arguments, std::string_view option,
                       std::string_view key, Json& body);

// "2026-11-28 10:31" of the local zone; "-" for null.
std::string ShortTime(const Json& object, std::string_view key);

// --scope, --hourly-limit and --daily-limit, of tokens and clients.
std::vector<OptionSpec> LimitOptions();
// Their members of the body: scopes, hourly_limit and daily_limit.
absl::Status AddLimits(const Invocation& arguments, Json& body);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_ACCESS_RESOURCE_ID_H_
