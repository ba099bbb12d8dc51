// What `tally ps` asks the server, and what it does itself.

#ifndef TALLYMAN_TALLY_COMMANDS_PS_REQUEST_H_
#define TALLYMAN_TALLY_COMMANDS_PS_REQUEST_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tally/client/api.h"
#include "tally/commands/session.h"
#include "tally/processes/arrange.h"
#include "tally/processes/process_columns.h"
#include "tally/processes/process_record.h"

namespace tallyman::tally {

inline constexpr std::string_view kProcessesPath = "/server/processes";

// A value type.
struct PsRequest {
  // Parameters of GET /server/processes, without `watch`.
  Query query;
  // What the server does not do.
  Arrangement arrangement;
  // "--watch", and its interval as the server reads it.
  bool watches = false;
  std::string interval;
  // Of the table; for JSON empty.
  ProcessColumns columns;
  // The keys that JSON shows; empty: all that came.
  std::vector<std::string> keys;
};

// Reads the command line. Asks the server for the names of stacks if it needs
// them. InvalidArgument names the option.
absl::StatusOr<PsRequest> MakePsRequest(Session& session);

// The list of processes as JSON for programs, on one line.
Json ProcessesJson(const std::vector<const ProcessRecord*>& rows,
                   const std::vector<std::string>& keys);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_PS_REQUEST_H_
