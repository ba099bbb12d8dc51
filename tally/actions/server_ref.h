// The servers of a stack, and the one that a text names.
//
// Example: tally/actions/scale_plan_test.cc

#ifndef TALLYMAN_TALLY_ACTIONS_SERVER_REF_H_
#define TALLYMAN_TALLY_ACTIONS_SERVER_REF_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tally/client/api.h"

namespace tallyman::tally {

// A value type.
struct ServerRef {
  std::string uid;
  std::string name;
};

// Those of the stack at `stack_path`, such as "/api/3/stacks/UID", by name.
absl::StatusOr<std::vector<ServerRef>> ListServers(Api& api,
                                                   std::string_view stack_path);

// The server with this uid, else with this name; "": the only one. NotFound
// lists the servers; InvalidArgument if several fit.
absl::StatusOr<ServerRef> FindServer(const std::vector<ServerRef>& servers,
                                     std::string_view text);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_ACTIONS_SERVER_REF_H_
