// Files that the command line names.

#ifndef TALLYMAN_TALLY_CLIENT_INPUT_FILE_H_
#define TALLYMAN_TALLY_CLIENT_INPUT_FILE_H_

#include <string>

#include "absl/status/statusor.h"

namespace tallyman::tally {

// The whole file of at most 16 MiB; "-" is standard input. Errors name the
// path:
//   NotFound            there is no such file
//   InvalidArgument     it cannot be read, or is larger
// Thread-safe, except for "-".
absl::StatusOr<std::string> ReadInput(const std::string& path);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_CLIENT_INPUT_FILE_H_
