// Reads a command line by the table of commands.
//
//   const ParseResult result = Parse(table, {"scale", "web=4"});
//
// Example: tally/cli/parser_test.cc

#ifndef TALLYMAN_TALLY_CLI_PARSER_H_
#define TALLYMAN_TALLY_CLI_PARSER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tally/cli/command.h"

namespace tallyman::tally {

// The command that the arguments (without the program's name) call. Options may
// stand before, between and after the words of the command and its arguments;
// after "--" everything is an argument.
//
// InvalidArgument names the unknown or missing word, and the nearest one if
// there is one; the message is a fragment for "tally: …". With --help the
// invocation has "help" and nothing is checked beyond the command's words; a
// group without one of its commands ("tally stacks --help") gives the first of
// the group. `table` must outlive the result.
absl::StatusOr<Invocation> Parse(const std::vector<CommandSpec>& table,
                                 const std::vector<std::string>& arguments);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_CLI_PARSER_H_
