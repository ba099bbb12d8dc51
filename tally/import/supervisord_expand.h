// Expansions of supervisord's values: %(program_name)s.

#ifndef TALLYMAN_TALLY_IMPORT_SUPERVISORD_EXPAND_H_
#define TALLYMAN_TALLY_IMPORT_SUPERVISORD_EXPAND_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tallyman::tally {

struct Expansions {
  std::string program;
  std::string group;
  std::string here;  // "" if it is not known.
  const std::map<std::string, std::string>* variables = nullptr;
  // Whether there are several instances, from `first_number` on.
  bool is_numbered = false;
  int64_t first_number = 0;
  // Set to the name of a variable that `variables` has not.
  std::string missing;
};

// Replaces `%(NAME)s`, `%(NAME)d`, `%(NAME)02d` and `%%`, as Python's operator
// %. What only the instance knows becomes an Expansion() of shell_words.h:
// process_num if there are several, host_node_name, and missing variables.
// InvalidArgument for other texts with a '%'.
absl::StatusOr<std::string> Expand(std::string_view text,
                                   Expansions& expansions);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_IMPORT_SUPERVISORD_EXPAND_H_
