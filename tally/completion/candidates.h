// What can stand at the cursor of a command line, by the table of commands.
//
// Example: tally/completion/candidates_test.cc

#ifndef TALLYMAN_TALLY_COMPLETION_CANDIDATES_H_
#define TALLYMAN_TALLY_COMPLETION_CANDIDATES_H_

#include <string>
#include <string_view>
#include <vector>

#include "tally/cli/command.h"
#include "tally/cli/words.h"

namespace tallyman::tally {

struct Candidate {
  std::string text;  // The whole word.
  std::string description = {};
};

// Values that the table does not have.
struct WantedValues {
  Completes kind = Completes::kNothing;
  // What stands before the value in the word: "--stack=", "pid,name,".
  std::string prefix;
  // The value as far as it is typed.
  std::string typed;
};

struct CursorWord {
  SortedWords before;  // The words before the cursor.
  // Commands, options and choices. Not yet filtered by what is typed.
  std::vector<Candidate> candidates;
  WantedValues wanted;
};

// `words`: those behind "tally" up to the cursor, the last of them as far as it
// is typed, which may be "". `table` must outlive the result.
CursorWord FindCandidates(const std::vector<CommandSpec>& table,
                          std::vector<std::string> words);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMPLETION_CANDIDATES_H_
