// ${NAME} of compose files.

#ifndef TALLYMAN_TALLY_IMPORT_COMPOSE_INTERPOLATE_H_
#define TALLYMAN_TALLY_IMPORT_COMPOSE_INTERPOLATE_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tallyman::tally {

// Replaces $NAME, ${NAME}, ${NAME:-default}, ${NAME-default}, ${NAME:?error},
// ${NAME?error}, ${NAME:+value}, ${NAME+value} and $$, also nested. A variable
// that is not there becomes "" and is added to `missing`. InvalidArgument for a
// '$' with another text behind it.
absl::StatusOr<std::string> Interpolate(
    std::string_view text, const std::map<std::string, std::string>& variables,
    std::vector<std::string>& missing);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_IMPORT_COMPOSE_INTERPOLATE_H_
