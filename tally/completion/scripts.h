// The scripts that make bash, zsh and fish ask `tally __complete`; see
// complete.h.

#ifndef TALLYMAN_TALLY_COMPLETION_SCRIPTS_H_
#define TALLYMAN_TALLY_COMPLETION_SCRIPTS_H_

#include <string_view>

namespace tallyman::tally {

// `shell` is "bash", "zsh" or "fish"; "" for another one.
std::string_view CompletionScript(std::string_view shell);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMPLETION_SCRIPTS_H_
