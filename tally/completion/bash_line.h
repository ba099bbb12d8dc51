// A line of bash up to the cursor, in words, and words as bash takes them in
// place of the last one.
//
// Source: bash(1), QUOTING, and Programmable Completion: readline replaces the
// text behind the last unquoted character of COMP_WORDBREAKS, or behind the
// quotation mark that is open.
//
// Example: tally/completion/bash_line_test.cc

#ifndef TALLYMAN_TALLY_COMPLETION_BASH_LINE_H_
#define TALLYMAN_TALLY_COMPLETION_BASH_LINE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tallyman::tally {

struct BashLine {
  // Without quoting; the last one is that at the cursor, which may be "".
  // Variables and substitutions stay as they are written.
  std::vector<std::string> words;
  char quote = 0;   // The quotation mark that is open at the cursor; 0: none.
  size_t kept = 0;  // Bytes of the last word that readline does not replace.
};

// `breaks` is COMP_WORDBREAKS.
BashLine ReadBashLine(std::string_view line, std::string_view breaks);

// `word`, quoted as the place of the cursor needs, without the part that
// readline keeps; nullopt unless it begins with the last word of the line.
std::optional<std::string> BashReplacement(const BashLine& line,
                                           std::string_view word);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMPLETION_BASH_LINE_H_
