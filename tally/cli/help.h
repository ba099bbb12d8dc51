// Help for people, made from the table of commands. Thread-safe.

#ifndef TALLYMAN_TALLY_CLI_HELP_H_
#define TALLYMAN_TALLY_CLI_HELP_H_

#include <string>
#include <string_view>
#include <vector>

#include "tally/cli/command.h"

namespace tallyman::tally {

// `tally --help`: the commands with their summaries, the global options and the
// exit codes.
std::string Overview(const std::vector<CommandSpec>& table);

// `tally stacks --help`: the commands of a group, such as "stacks".
std::string GroupHelp(const std::vector<CommandSpec>& table,
                      std::string_view group);

// `tally ps --help`: usage, details, arguments, options and examples.
std::string CommandHelp(const CommandSpec& command);

// The help that an invocation with "help" asks for; see Parse().
std::string HelpFor(const std::vector<CommandSpec>& table,
                    const Invocation& invocation);

// "tally scale [OPTIONS] COUNT…".
std::string UsageLine(const CommandSpec& command);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_CLI_HELP_H_
