// A command that changes something: sends requests once, waits for their
// actions, shows how far they are, and says how they ended.
//
//   ChangeRun run(session, stack, *options, **api);
//   absl::StatusOr<ActionView> action = run.Start(path, body, headers);
//   return run.Finish(std::move(changes));

#ifndef TALLYMAN_TALLY_COMMANDS_CHANGE_RUN_H_
#define TALLYMAN_TALLY_COMMANDS_CHANGE_RUN_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "tally/actions/action_view.h"
#include "tally/actions/goal.h"
#include "tally/actions/patience.h"
#include "tally/actions/process_view.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/commands/session.h"
#include "tally/commands/stack_lookup.h"
#include "tally/terminal/interrupt.h"

namespace tallyman::tally {

// --timeout of all commands that wait, --detach of those that change.
OptionSpec TimeoutOption();
OptionSpec DetachOption();

// The value of --timeout: "90s", "5m", "1h30m", or seconds; infinite without
// it. InvalidArgument quotes another one.
absl::StatusOr<absl::Duration> TimeoutOf(const Invocation& arguments);

// An action that was requested.
struct Change {
  std::string title;  // Begins lines about it: "worker", "the stack".
  ActionView action;
  std::vector<Goal> goals;  // Shown while it is open.
};

// Not thread-safe. `session` must outlive it. While it exists, an interrupt or
// the timeout ends the request under way.
class ChangeRun {
 public:
  ChangeRun(Session& session, StackRef stack, absl::Duration timeout, Api& api);
  ~ChangeRun();
  ChangeRun(const ChangeRun&) = delete;
  ChangeRun& operator=(const ChangeRun&) = delete;

  Patience& patience() { return patience_; }
  Api& api() { return api_; }

  // POSTs with an Idempotency-Key of its own, again with the same key while the
  // server cannot be reached: the request has its effect once. A message of
  // DeadlineExceeded or Cancelled says that it may have been sent.
  absl::StatusOr<ActionView> Start(
      std::string_view path, const Json& body,
      std::vector<std::pair<std::string, std::string>> headers = {});

  // Unless --detach was given, waits until all actions have ended. Then prints
  // the processes of their goals to standard output, or a JSON document:
  //
  //   {"stack":UID,"actions":[ACTION...],"processes":[PROCESS...],
  //    "failures":[{"action":ID,"process":...,"instance":...,"lines":[...]}]}
  //
  // A failed action is Unknown, which is exit code 1, and the last lines of its
  // instance are on standard error.
  absl::StatusOr<ExitCode> Finish(std::vector<Change> changes);

  // The processes with these names; a missing one is left out.
  absl::StatusOr<std::vector<ProcessView>> ReadProcesses(
      const std::vector<std::string>& names);

  // Shows progress: a bar, or a line if it is another one than before.
  void Show(const std::vector<GoalProgress>& progress);

 private:
  absl::Status Await(std::vector<Change>& changes);
  void ShowProgress(const std::vector<Change>& changes);
  // How the user goes on after the wait was cut short.
  absl::Status Annotate(const absl::Status& status,
                        const std::vector<Change>& changes) const;
  // Prints the last lines of an instance of the change that does not run.
  void ReportFailure(const Change& change, Json& failures);

  Session& session_;
  const StackRef stack_;
  Api& api_;
  SteadyWaitClock clock_;
  Patience patience_;
  ScopedInterrupt interrupt_;
  std::string shown_;  // The last line of progress.
  absl::Notification ends_;
  std::thread watchdog_;  // Stops the API at the timeout.
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_CHANGE_RUN_H_
