// Sorts the words of a command line into command, options and arguments: the
// part that the parser and the completion share.
//
// Example: tally/cli/parser_test.cc

#ifndef TALLYMAN_TALLY_CLI_WORDS_H_
#define TALLYMAN_TALLY_CLI_WORDS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tally/cli/command.h"

namespace tallyman::tally {

struct GivenOption {
  const OptionSpec* spec;            // Not null.
  std::optional<std::string> value;  // nullopt: of a switch, or not given.
};

struct SortedWords {
  std::string path;  // The words of the command: "stacks apply", "scale", "".
  const CommandSpec* command = nullptr;  // Null for a group, and for "".
  bool is_group = false;                 // Has commands of its own.
  std::vector<GivenOption> options;
  std::vector<std::string> arguments;
  bool after_dashes = false;  // "--" came: only arguments can follow.
  // The last word is an option whose value comes next.
  const OptionSpec* open = nullptr;
  // Options that are not there, as they were written.
  std::vector<std::string> unknown;
  // "--json takes no value" and the like; "" for none.
  std::string error;
};

// Never fails. `table` must outlive the result.
SortedWords SortWords(const std::vector<CommandSpec>& table,
                      const std::vector<std::string>& words);

// The words that can follow `path` as the next of a command, each once, in the
// order of the table; none of hidden commands. "" is the begin.
std::vector<std::string_view> NextCommandWords(
    const std::vector<CommandSpec>& table, std::string_view path);

// The command with this path or alias; null if there is none.
const CommandSpec* FindCommand(const std::vector<CommandSpec>& table,
                               std::string_view path);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_CLI_WORDS_H_
