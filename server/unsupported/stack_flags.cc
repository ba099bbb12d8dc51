#include "server/stack_flags.h"

#include <string_view>

#include "absl/status/statusor.h"
#include "server/stack_options.h"

namespace tallyman::server {

absl::StatusOr<StackOptions> StackOptionsFromFlags() { return StackOptions(); }

std::string_view StackHelp() {
  return "On this system the server runs no processes: that needs Linux. "
         "/stacks and all below it are answered with 501.";
}

}  // namespace tallyman::server
