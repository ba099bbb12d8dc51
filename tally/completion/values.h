// Values of completion that the configuration file and the running server know.

#ifndef TALLYMAN_TALLY_COMPLETION_VALUES_H_
#define TALLYMAN_TALLY_COMPLETION_VALUES_H_

#include <vector>

#include "absl/time/time.h"
#include "tally/completion/candidates.h"

namespace tallyman::tally {

// The values that `word` wants, each with its prefix. Waits for the server no
// longer than `patience`; then, and on every error, there are none. Reads
// nothing from standard input and fetches no OAuth token.
//
// A request that takes longer goes on in a thread of its own: the process must
// end by _exit(2).
std::vector<Candidate> FindValues(const CursorWord& word,
                                  absl::Duration patience);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMPLETION_VALUES_H_
