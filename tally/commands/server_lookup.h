// The machine that a command is about.

#ifndef TALLYMAN_TALLY_COMMANDS_SERVER_LOOKUP_H_
#define TALLYMAN_TALLY_COMMANDS_SERVER_LOOKUP_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tally/client/api.h"
#include "tally/commands/stack_lookup.h"

namespace tallyman::tally {

// The uid of the server of the stack that `text` names: its name or its uid.
// NotFound lists the servers; InvalidArgument if several have the name.
absl::StatusOr<std::string> FindServer(Api& api, const StackRef& stack,
                                       std::string_view text);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_SERVER_LOOKUP_H_
