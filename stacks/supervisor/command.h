// Translates the definition of a process to what the kernel executes:
// arguments, environment, user, limits.

#ifndef TALLYMAN_STACKS_SUPERVISOR_COMMAND_H_
#define TALLYMAN_STACKS_SUPERVISOR_COMMAND_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "platform/held_child.h"
#include "stacks/model/definition.h"

namespace tallyman::stacks {

// The argument vector of a shell command: {"/bin/sh", "-c", command}, or the
// words of the command if the shell would only execute one program. These are
// plain words without quotes, variables, patterns, assignments or redirections,
// of which the first is neither a reserved word nor a builtin of a POSIX shell.
// Without the shell the process is the program itself and costs one exec.
std::vector<std::string> CommandArguments(std::string_view command);

// An instance and its launch, for the environment of its program.
struct InstanceName {
  std::string stack_uid;
  std::string stack_name;
  std::string environment;
  std::string process;
  int64_t number = 0;  // From 1.
  std::string launch;  // The id of this launch, 32 hex digits.
};

// The input of platform::HeldChildForker. Nothing is inherited from the
// server's environment: the program gets PATH (that of login shells), HOME,
// USER, LOGNAME and SHELL of the user that it runs as, LANG=C.UTF-8, then the
// variables of the definition, then TALLYMAN_STACK (uid), TALLYMAN_PROCESS
// (name), TALLYMAN_INSTANCE (number), TALLYMAN_LAUNCH. `default_open_files` is
// the limit if the definition has none (0: unchanged). NotFound names a user
// that doesn't exist; PermissionDenied a user that this server may not run
// programs as.
absl::StatusOr<platform::LaunchSpec> MakeLaunchSpec(
    const ProcessDefinition& definition, const InstanceName& instance,
    int64_t default_open_files);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_COMMAND_H_
