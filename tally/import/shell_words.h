// Words of commands: split as supervisord, Compose and PM2 do, quoted for sh.

#ifndef TALLYMAN_TALLY_IMPORT_SHELL_WORDS_H_
#define TALLYMAN_TALLY_IMPORT_SHELL_WORDS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tallyman::tally {

// Splits as Python's shlex.split() in its POSIX mode, without comments: spaces
// separate, '...' is literal, in "..." a backslash escapes a quotation mark or
// itself, elsewhere any character. An Expansion() is not split. InvalidArgument
// if a quotation is not closed.
absl::StatusOr<std::vector<std::string>> SplitWords(std::string_view text);

// Marks `script`, a text for sh such as "${PORT}", as a part of a word that sh
// replaces. The marks are two control characters, so words from outside must
// not have these: see HasMarks().
std::string Expansion(std::string_view script);
bool HasMarks(std::string_view text);

// `word` as sh reads it back: quoted if needed, expansions in "...".
std::string QuoteWord(std::string_view word);

// A command for sh that runs `words` as they are.
std::string JoinWords(const std::vector<std::string>& words);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_IMPORT_SHELL_WORDS_H_
