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

// The command that the arguments (without the program's name) call. Global
// options may stand anywhere, those of the command behind its words; after "--"
// everything is an argument.
//
// InvalidArgument names the unknown or missing word, and the nearest one if
// there is one; the message is a fragment for "tally: …". With --help the
// invocation has "help" and nothing is checked beyond the command's words. The
// value of "help" is "group" for a group without one of its commands ("tally
// stacks --help", whose command is then the first of the group), "overview" if
// there is no command at all. `table` must outlive the result and is not empty.
absl::StatusOr<Invocation> Parse(const std::vector<CommandSpec>& table,
                                 const std::vector<std::string>& arguments);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_CLI_PARSER_H_
