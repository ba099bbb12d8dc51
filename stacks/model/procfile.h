// The Procfile format: one process a line, `name: command`.

#ifndef TALLYMAN_STACKS_MODEL_PROCFILE_H_
#define TALLYMAN_STACKS_MODEL_PROCFILE_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "stacks/model/definition.h"

namespace tallyman::stacks {

// Reads the processes of a Procfile. Blank lines and lines that begin with '#'
// are skipped; lines may end with CR LF; a UTF-8 byte order mark is skipped.
// Spaces around name and command don't count. InvalidArgument names the line,
// counted from 1: no colon, a bad or repeated name (with the
// line of the first), no command; also a Procfile without any process.
absl::StatusOr<std::vector<ProcessDefinition>> ParseProcfile(
    std::string_view text);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_MODEL_PROCFILE_H_
