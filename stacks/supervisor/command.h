// From a defined process to what is executed.

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

// The argument vector of a shell command: {"/bin/sh", "-c", command}; or, where
// the shell would do nothing but run one program (plain words without quotes,
// variables, patterns, assignments or redirections, of which the first is
// neither a reserved word nor a builtin of a POSIX shell), these words, so that
// the process is the program itself and costs one exec.
std::vector<std::string> CommandArguments(std::string_view command);

// Which instance it is.
struct InstanceName {
  std::string stack_uid;
  std::string stack_name;
  std::string environment;
  std::string process;
  int64_t number = 0;  // from 1
  std::string launch;  // 32 hex digits, of this start alone
};

// All that platform::HeldChildForker needs. The environment is stated: PATH
// (that of login shells), HOME, USER, LOGNAME and SHELL of the user that it
// runs as, LANG=C.UTF-8, then the definition's own, then TALLYMAN_STACK (uid),
// TALLYMAN_PROCESS (name), TALLYMAN_INSTANCE (number), TALLYMAN_LAUNCH.
// `default_open_files` is the limit where the definition has none (0: leave).
// NotFound names a user that doesn't exist; PermissionDenied a user that this
// server may not run programs as.
absl::StatusOr<platform::LaunchSpec> MakeLaunchSpec(
    const ProcessDefinition& definition, const InstanceName& instance,
    int64_t default_open_files);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_COMMAND_H_
