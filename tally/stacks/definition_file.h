// Files with definitions of stacks.

#ifndef TALLYMAN_TALLY_STACKS_DEFINITION_FILE_H_
#define TALLYMAN_TALLY_STACKS_DEFINITION_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tally/client/api.h"

namespace tallyman::tally {

// A body of POST /stacks, and where it stands.
struct StackFromFile {
  std::string place;  // "stacks.json", "stacks.json: stacks[1]".
  std::string name;
  std::string environment;
  Json body;
};

// Reads one stack, a list of them, or {"stacks":[…]} as --stacks_file of the
// server takes it; "-" is standard input. Replaces procfile_path, which is
// relative to the file's directory, by the contents of that file. The server
// checks the rest.
//
// InvalidArgument names the place: no JSON, no such form, a missing name, two
// stacks with the same name and environment. NotFound names a missing file.
absl::StatusOr<std::vector<StackFromFile>> ReadStackDefinitions(
    const std::string& path);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_STACKS_DEFINITION_FILE_H_
