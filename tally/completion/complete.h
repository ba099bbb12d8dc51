// `tally __complete`, which the scripts of the shells call.
//
//   tally __complete words WORD…         zsh, fish: the words behind "tally" up
//                                        to the cursor, without quoting
//   tally __complete line LINE BREAKS    bash: the line up to the cursor and
//                                        COMP_WORDBREAKS
//
// The first line of the answer is "files" if the shell shall offer files, else
// "words". Each other line is a candidate, a tab, and its description: whole
// words for `words`; for `line` those that fit, as bash takes them in place of
// what is typed.

#ifndef TALLYMAN_TALLY_COMPLETION_COMPLETE_H_
#define TALLYMAN_TALLY_COMPLETION_COMPLETE_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tally/cli/command.h"

namespace tallyman::tally {

// How long the server may take, so that the whole takes less than 100 ms.
// TALLY_COMPLETION_TIMEOUT, in milliseconds, replaces it.
inline constexpr absl::Duration kCompletionPatience = absl::Milliseconds(80);

// `arguments`: those behind "__complete". "" if they are not as above. See
// FindValues() on how the process must end.
std::string Complete(const std::vector<CommandSpec>& table,
                     const std::vector<std::string>& arguments);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMPLETION_COMPLETE_H_
