// Times on the command line.

#ifndef TALLYMAN_TALLY_COMMANDS_TIME_ARGUMENT_H_
#define TALLYMAN_TALLY_COMMANDS_TIME_ARGUMENT_H_

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tallyman::tally {

// "90s", "15m", "2h" or "7d"; nullopt for other text.
std::optional<absl::Duration> ParseSpan(std::string_view text);

// A span before `now`, or a time in RFC 3339. InvalidArgument names the option
// and quotes the text.
absl::StatusOr<absl::Time> ParseTimeArgument(std::string_view option,
                                             std::string_view text,
                                             absl::Time now);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_TIME_ARGUMENT_H_
