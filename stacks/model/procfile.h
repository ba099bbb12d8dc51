// The Procfile format: one process a line, `name: command`.
//
// Example: stacks/model/definition_example_test.cc

#ifndef TALLYMAN_STACKS_MODEL_PROCFILE_H_
#define TALLYMAN_STACKS_MODEL_PROCFILE_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "stacks/model/definition.h"

namespace tallyman::stacks {

// Reads the processes of a Procfile. Skips a UTF-8 byte order mark, blank lines
// and lines that begin with '#'. Lines may end with CR LF. Ignores spaces
// around name and command. InvalidArgument names the line, counted from 1: no
// colon, an invalid or repeated name (with the line of the first), no command;
// also for a Procfile without any process.
absl::StatusOr<std::vector<ProcessDefinition>> ParseProcfile(
    std::string_view text);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_MODEL_PROCFILE_H_
