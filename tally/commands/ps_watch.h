// `tally ps --watch`.

#ifndef TALLYMAN_TALLY_COMMANDS_PS_WATCH_H_
#define TALLYMAN_TALLY_COMMANDS_PS_WATCH_H_

#include "absl/status/statusor.h"
#include "tally/cli/exit_code.h"
#include "tally/commands/ps_request.h"
#include "tally/commands/session.h"

namespace tallyman::tally {

// Shows the processes after each scan until Ctrl-C, or until what reads
// standard output has gone: both are kDone. Connects again after a connection
// is lost; an error of the first one is the result.
absl::StatusOr<ExitCode> WatchProcesses(Session& session,
                                        const PsRequest& request);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_PS_WATCH_H_
