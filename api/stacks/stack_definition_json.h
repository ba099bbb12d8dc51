// Definitions of stacks as JSON.

#ifndef TALLYMAN_API_STACKS_STACK_DEFINITION_JSON_H_
#define TALLYMAN_API_STACKS_STACK_DEFINITION_JSON_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "api/description/schema.h"
#include "stacks/model/definition.h"

namespace tallyman::api {

// The body below.
extern const Schema kStackDefinitionSchema;

// Reads the body of POST /stacks and PUT /stacks/{uid}:
//   {"name":"shop","environment":"production",
//    "procfile":"web: bin/web\nworker: bin/work\n"}
// or, instead of procfile,
//    "processes":[{"name":"web","command":"bin/web","directory":"/srv/shop",
//                  "env":{"PORT":"80"},"user":"shop",
//                  "stop_sequence":"term,10,kill","max_instances":10,
//                  "cpu":3600,"memory":1073741824,"nofile":1024,"instances":1}]
// Only name, the processes, and their names and commands are required; null
// counts as absent. The result is valid (stacks::Validate()). InvalidArgument
// names the wrong place: "processes[0].cpu: must be an integer, not string",
// "procfile: line 3: ...".
absl::StatusOr<stacks::StackDefinition> ParseStackDefinition(
    std::string_view body);

// Reads a file of stacks, {"stacks":[...]}, with items as above. An item may
// have procfile_path instead of procfile: a path, which `read_file` turns into
// the contents of the file. No two items may have the same name and
// environment. Messages begin with the item: "stacks[1].processes[0].cpu: ...".
// Errors of `read_file` keep their code.
absl::StatusOr<std::vector<stacks::StackDefinition>> ParseStacksFile(
    std::string_view text,
    absl::FunctionRef<absl::StatusOr<std::string>(std::string_view path)>
        read_file);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_STACK_DEFINITION_JSON_H_
