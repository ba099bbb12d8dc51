// The description of a command: its arguments, options, help and function.
// Parser, help, man page and completion are made from the one table of these.
//
//   CommandSpec PsCommand() {
//     return {.path = "ps",
//             .summary = "List the processes of the machine",
//             .arguments = {{.name = "FILTER", .help = "…", .optional = true}},
//             .options = {{.name = "sort", .value = "KEY", .help = "…"}},
//             .examples = {{"tally ps nginx", "those named like nginx"}},
//             .run = &RunPs};
//   }
//
// Example: tally/cli/parser_test.cc

#ifndef TALLYMAN_TALLY_CLI_COMMAND_H_
#define TALLYMAN_TALLY_CLI_COMMAND_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tally/cli/exit_code.h"

namespace tallyman::tally {

class Session;

// What completion offers for a value.
enum class Completes {
  kNothing,
  kFile,
  kStack,         // Names of stacks.
  kProcess,       // Names of processes of the stack of --stack, or of the only
                  // one.
  kProcessCount,  // The same with "=".
  kServer,        // Names of machines.
  kContext,       // Names in the configuration file.
  kCommand,       // Commands of this program.
  kField,         // Keys of processes of the machine.
  kSortKey,       // The same, also with "-" before them.
  kChoice         // OptionSpec::choices, ArgumentSpec::choices.
};

struct OptionSpec {
  std::string_view name;  // Without "--".
  char letter = 0;        // 0: there is no short form.
  // Names the value in help, in capitals; "": the option is a switch.
  std::string_view value = {};
  // The option may stand alone; a value follows only after "=".
  bool value_is_optional = false;
  std::string_view help = {};  // A phrase without a full stop.
  Completes completes = Completes::kNothing;
  std::vector<std::string_view> choices = {};  // Others are refused.
  bool repeated = false;
};

struct ArgumentSpec {
  std::string_view name;  // In capitals.
  std::string_view help = {};
  Completes completes = Completes::kNothing;
  std::vector<std::string_view> choices = {};
  bool optional = false;
  bool repeated = false;  // Takes all that follow; only for the last one.
};

struct ExampleSpec {
  std::string_view line;
  std::string_view explanation;
};

// Static text: the views outlive the table.
struct CommandSpec {
  std::string_view path;     // "ps"; "stacks apply" for one of a group.
  std::string_view summary;  // A phrase in the imperative, without a full stop.
  // Paragraphs with an empty line between; "" for none.
  std::string_view details = {};
  std::vector<ArgumentSpec> arguments = {};
  std::vector<OptionSpec> options = {};
  std::vector<ExampleSpec> examples = {};
  bool hidden = false;  // Not in help, man page and completion.
  // Another name of the same command, such as "scale" of "processes scale".
  std::string_view alias = {};
  absl::StatusOr<ExitCode> (*run)(Session& session) = nullptr;
};

// The options that every command has.
const std::vector<OptionSpec>& GlobalOptions();

// A command line that fits its command. A value type.
class Invocation {
 public:
  explicit Invocation(const CommandSpec* command) : command_(command) {}

  const CommandSpec& command() const { return *command_; }

  // By the names of OptionSpec and ArgumentSpec; also of global options.
  bool Has(std::string_view name) const;
  // The last value; nullopt if it was not given.
  std::optional<std::string> Value(std::string_view name) const;
  std::string ValueOr(std::string_view name, std::string_view other) const;
  std::vector<std::string> Values(std::string_view name) const;

  void Add(std::string_view name, std::string value);

 private:
  const CommandSpec* command_;  // Not null.
  // A switch that was given has one empty value.
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_CLI_COMMAND_H_
