// The stack that a command is about.

#ifndef TALLYMAN_TALLY_COMMANDS_STACK_LOOKUP_H_
#define TALLYMAN_TALLY_COMMANDS_STACK_LOOKUP_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tally/cli/command.h"
#include "tally/client/api.h"
#include "tally/commands/session.h"

namespace tallyman::tally {

// A stack as /api/3/stacks shows it. A value type.
struct StackRef {
  std::string uid;
  std::string name;
  std::string environment;

  // "shop" or, where another environment has the name too, "shop@staging".
  std::string label;
};

// "/api/3/stacks/UID" with `rest` behind it.
std::string StackPath(const StackRef& stack, std::string_view rest = "");

// -s STACK of all commands of one stack.
OptionSpec StackOption();

// All stacks, by name.
absl::StatusOr<std::vector<StackRef>> AllStacks(Api& api);

// The stack that `text` names: NAME, NAME@ENVIRONMENT or a uid. "": the only
// stack. NotFound lists the stacks, or says how to make one; InvalidArgument if
// several fit.
absl::StatusOr<StackRef> FindStack(Api& api, std::string_view text);

// That of -s, else of TALLY_STACK, else the only one.
absl::StatusOr<StackRef> FindStack(Session& session);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_STACK_LOOKUP_H_
