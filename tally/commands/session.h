// What a command acts through: its command line, the output and the server.

#ifndef TALLYMAN_TALLY_COMMANDS_SESSION_H_
#define TALLYMAN_TALLY_COMMANDS_SESSION_H_

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "tally/cli/command.h"
#include "tally/client/api.h"
#include "tally/client/endpoint.h"
#include "tally/client/find_endpoint.h"
#include "tally/terminal/output.h"

namespace tallyman::tally {

// Not thread-safe. All references must outlive the session.
class Session {
 public:
  Session(const std::vector<CommandSpec>& table, const Invocation& arguments,
          Output& out)
      : table_(table), arguments_(arguments), out_(out) {}

  const std::vector<CommandSpec>& table() const { return table_; }
  const Invocation& arguments() const { return arguments_; }
  Output& out() { return out_; }

  // What the global options say about the server.
  EndpointFlags endpoint_flags() const;
  // Finds the server at the first call. See FindEndpoint() for errors.
  absl::StatusOr<Endpoint> endpoint();
  // The one connection of this session; nothing is sent yet. Not null.
  absl::StatusOr<Api*> api();
  // A further connection to the same server, for a stream beside it.
  absl::StatusOr<std::unique_ptr<Api>> NewApi();

 private:
  const std::vector<CommandSpec>& table_;
  const Invocation& arguments_;
  Output& out_;
  std::optional<Endpoint> endpoint_;
  std::unique_ptr<Api> api_;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_SESSION_H_
