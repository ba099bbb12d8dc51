#include "tally/cli/help.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"

namespace tallyman::tally {
namespace {

constexpr size_t kWidth = 80;
constexpr size_t kMaxTerm = 24;

using Definition = std::pair<std::string, std::string>;

// `text` in lines that begin with `indent` spaces, except for the first.
std::string Wrap(std::string_view text, size_t indent) {
  std::string out;
  size_t used = indent;
  for (const absl::string_view word : absl::StrSplit(text, ' ')) {
    if (used > indent && used + 1 + word.size() > kWidth) {
      absl::StrAppend(&out, "\n", std::string(indent, ' '));
      used = indent;
    } else if (used > indent) {
      out.push_back(' ');
      ++used;
    }
    absl::StrAppend(&out, word);
    used += word.size();
  }
  return out;
}

// Terms with their explanations, in two columns.
std::string Definitions(std::string_view title,
                        const std::vector<Definition>& definitions) {
  if (definitions.empty()) return "";
  size_t width = 0;
  for (const auto& [term, text] : definitions) {
    if (term.size() <= kMaxTerm) width = std::max(width, term.size());
  }
  std::string out = absl::StrCat("\n", title, ":\n");
  for (const auto& [term, text] : definitions) {
    const bool fits = term.size() <= width;
    absl::StrAppend(&out, "  ", term,
                    fits ? std::string(width - term.size() + 2, ' ')
                         : absl::StrCat("\n", std::string(width + 4, ' ')),
                    Wrap(text, width + 4), "\n");
  }
  return out;
}

std::vector<Definition> OptionDefinitions(
    const std::vector<OptionSpec>& options) {
  std::vector<Definition> definitions;
  for (const OptionSpec& option : options) {
    std::string term =
        option.letter == 0
            ? absl::StrCat("    --", option.name)
            : absl::StrFormat("-%c, --%s", option.letter, option.name);
    if (!option.value.empty()) {
      absl::StrAppend(&term, option.value_is_optional ? "[=" : "=",
                      option.value, option.value_is_optional ? "]" : "");
    }
    std::string text(option.help);
    if (!option.choices.empty()) {
      absl::StrAppend(&text, ": ", absl::StrJoin(option.choices, ", "));
    }
    definitions.emplace_back(std::move(term), std::move(text));
  }
  return definitions;
}

std::string FirstWord(std::string_view path) {
  return std::string(path.substr(0, path.find(' ')));
}

}  // namespace

std::string UsageLine(const CommandSpec& command) {
  std::string line = absl::StrCat("tally ", command.path, " [OPTIONS]");
  for (const ArgumentSpec& argument : command.arguments) {
    absl::StrAppend(&line, argument.optional ? " [" : " ", argument.name,
                    argument.repeated ? "…" : "", argument.optional ? "]" : "");
  }
  return line;
}

std::string CommandHelp(const CommandSpec& command) {
  std::string out =
      absl::StrCat(command.summary, ".\n\n  ", UsageLine(command), "\n");
  if (!command.alias.empty()) {
    absl::StrAppend(&out, "\n`tally ", command.alias, "` is the same.\n");
  }
  if (!command.details.empty()) {
    for (const absl::string_view paragraph :
         absl::StrSplit(command.details, "\n\n")) {
      absl::StrAppend(&out, "\n", Wrap(paragraph, 0), "\n");
    }
  }
  std::vector<Definition> arguments;
  for (const ArgumentSpec& argument : command.arguments) {
    std::string text(argument.help);
    if (!argument.choices.empty()) {
      absl::StrAppend(&text, ": ", absl::StrJoin(argument.choices, ", "));
    }
    arguments.emplace_back(argument.name, std::move(text));
  }
  absl::StrAppend(&out, Definitions("Arguments", arguments),
                  Definitions("Options", OptionDefinitions(command.options)),
                  Definitions("Options of all commands",
                              OptionDefinitions(GlobalOptions())));
  if (!command.examples.empty()) {
    absl::StrAppend(&out, "\nExamples:\n");
    for (const ExampleSpec& example : command.examples) {
      absl::StrAppend(&out, "  # ", example.explanation, "\n  ", example.line,
                      "\n");
    }
  }
  return out;
}

std::string GroupHelp(const std::vector<CommandSpec>& table,
                      std::string_view group) {
  std::vector<Definition> commands;
  std::string alone;
  for (const CommandSpec& command : table) {
    if (command.alias == group) {
      alone = absl::StrCat("\n`tally ", group, "` alone is `tally ",
                           command.path, "`.\n");
    }
    if (!command.hidden &&
        absl::StartsWith(command.path, absl::StrCat(group, " "))) {
      commands.emplace_back(command.path, command.summary);
    }
  }
  return absl::StrCat("  tally ", group, " COMMAND\n",
                      Definitions("Commands", commands), alone, "\n`tally ",
                      group, " COMMAND --help` explains one, with examples.\n");
}

std::string Overview(const std::vector<CommandSpec>& table) {
  std::vector<Definition> commands;
  for (const CommandSpec& command : table) {
    if (command.hidden) continue;
    std::string text(command.summary);
    if (!command.alias.empty() && FirstWord(command.path) != command.alias) {
      absl::StrAppend(&text, " (also `tally ", command.alias, "`)");
    }
    commands.emplace_back(command.path, std::move(text));
  }
  std::vector<Definition> codes;
  for (const ExitCode code :
       {ExitCode::kDone, ExitCode::kFailed, ExitCode::kUsage, ExitCode::kDenied,
        ExitCode::kNotFound, ExitCode::kConflict, ExitCode::kUnavailable,
        ExitCode::kTimeout, ExitCode::kInterrupted}) {
    codes.emplace_back(absl::StrCat(static_cast<int>(code)), Describe(code));
  }
  return absl::StrCat(
      "tally asks a Tallyman server what runs, and scales it.\n\n"
      "  tally COMMAND [OPTIONS]\n",
      Definitions("Commands", commands),
      Definitions("Options of all commands",
                  OptionDefinitions(GlobalOptions())),
      Definitions("Exit codes", codes),
      "\nOn the machine of the server tally finds address and token by itself; "
      "elsewhere\n`tally login` stores them. `tally COMMAND --help` explains a "
      "command, with\nexamples; `man tally` has all of it.\n");
}

std::string HelpFor(const std::vector<CommandSpec>& table,
                    const Invocation& invocation) {
  const std::string kind = invocation.ValueOr("help", "");
  if (kind == "overview") return Overview(table);
  const CommandSpec& command = invocation.command();
  return kind == "group" ? GroupHelp(table, FirstWord(command.path))
                         : CommandHelp(command);
}

}  // namespace tallyman::tally
