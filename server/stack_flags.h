// The command-line flags of stacks, on systems where the server runs them.

#ifndef TALLYMAN_SERVER_STACK_FLAGS_H_
#define TALLYMAN_SERVER_STACK_FLAGS_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "server/stack_options.h"

namespace tallyman::server {

// InvalidArgument names a flag whose value is out of range.
absl::StatusOr<StackOptions> StackOptionsFromFlags();

// What --help says about stacks.
std::string_view StackHelp();

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_STACK_FLAGS_H_
