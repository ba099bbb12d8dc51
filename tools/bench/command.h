// A program that is run to its end.

#ifndef TALLYMAN_TOOLS_BENCH_COMMAND_H_
#define TALLYMAN_TOOLS_BENCH_COMMAND_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tallyman::bench {

struct CommandResult {
  // From before posix_spawn(3) until it has ended.
  absl::Duration elapsed;
  int exit_code = 0;   // -1: ended by a signal.
  std::string output;  // Standard output and standard error, if it is wanted.
};

// Runs `arguments`, which begin with the path of the program, in a process
// group of its own. `with_output` false sends its output nowhere. It is killed
// after `timeout` (DeadlineExceeded) and after an interruption (Cancelled, see
// interruption.h). Thread-safe.
absl::StatusOr<CommandResult> RunCommand(std::vector<std::string> arguments,
                                         bool with_output,
                                         absl::Duration timeout);

// The path of the program `name` where packages of the system put programs, or
// in /usr/local; nullopt if it is not installed.
std::optional<std::string> FindInstalled(std::string_view name);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_COMMAND_H_
