#include "tally/cli/parser.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/description/nearest_name.h"
#include "platform/base/text.h"
#include "tally/cli/command.h"
#include "tally/cli/words.h"

namespace tallyman::tally {
namespace {

std::string HintOf(std::string_view word,
                   const std::vector<std::string_view>& candidates) {
  if (candidates.empty()) return "";
  const std::string_view nearest = api::NearestName(word, candidates);
  // Two slips in a short word, more in a longer one.
  if (api::EditDistance(word, nearest) > 2 + word.size() / 6) return "";
  return absl::StrCat("; did you mean ", base::Quote(nearest), "?");
}

std::string OptionHint(std::string_view word, const CommandSpec* command) {
  // The nearest of all letters would be a guess.
  if (!absl::StartsWith(word, "--")) return "";
  std::vector<std::string> names;
  for (const OptionSpec& option : GlobalOptions()) {
    names.push_back(absl::StrCat("--", option.name));
  }
  if (command != nullptr) {
    for (const OptionSpec& option : command->options) {
      names.push_back(absl::StrCat("--", option.name));
    }
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  return HintOf(word.substr(0, word.find('=')), views);
}

// `text`, and where to read more.
absl::Status WrongUsage(const SortedWords& words, std::string_view text) {
  return absl::InvalidArgumentError(
      words.command == nullptr
          ? absl::StrCat(text, "; `tally --help` lists the commands")
          : absl::StrCat(text, "; see `tally ", words.command->path,
                         " --help`"));
}

absl::Status CheckOptions(const SortedWords& words) {
  if (!words.unknown.empty()) {
    const std::string& word = words.unknown.front();
    return WrongUsage(words, absl::StrCat("unknown option ", base::Quote(word),
                                          OptionHint(word, words.command)));
  }
  if (!words.error.empty()) return WrongUsage(words, words.error);
  if (words.open != nullptr) {
    return WrongUsage(words,
                      absl::StrCat("--", words.open->name, " needs a value"));
  }
  return absl::OkStatus();
}

// The error of words that call no command.
absl::Status NoCommand(const std::vector<CommandSpec>& table,
                       const SortedWords& words) {
  const std::vector<std::string_view> names =
      NextCommandWords(table, words.path);
  if (!words.arguments.empty()) {
    const std::string& word = words.arguments.front();
    return WrongUsage(words, absl::StrCat("unknown command ", base::Quote(word),
                                          HintOf(word, names)));
  }
  return absl::InvalidArgumentError(
      words.path.empty()
          ? "a command is missing; `tally --help` lists them"
          : absl::StrCat("\"", words.path, "\" needs one of its commands: ",
                         absl::StrJoin(names, ", ")));
}

absl::Status CheckChoice(std::string_view name, std::string_view value,
                         const std::vector<std::string_view>& choices) {
  if (choices.empty() || absl::c_linear_search(choices, value)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(name, ": ", base::Quote(value),
                                                 " is none of ",
                                                 absl::StrJoin(choices, ", ")));
}

absl::Status AddOptions(const SortedWords& words, Invocation& invocation) {
  for (const GivenOption& given : words.options) {
    const std::string value = given.value.value_or("");
    if (absl::Status checked = CheckChoice(absl::StrCat("--", given.spec->name),
                                           value, given.spec->choices);
        !checked.ok()) {
      return checked;
    }
    invocation.Add(given.spec->name, value);
  }
  return absl::OkStatus();
}

absl::Status AddArguments(const std::vector<CommandSpec>& table,
                          const SortedWords& words, Invocation& invocation) {
  const CommandSpec& command = *words.command;
  size_t taken = 0;
  for (const ArgumentSpec& argument : command.arguments) {
    const size_t end = argument.repeated ? words.arguments.size() : taken + 1;
    for (; taken < end && taken < words.arguments.size(); ++taken) {
      const std::string& value = words.arguments[taken];
      if (absl::Status checked =
              CheckChoice(argument.name, value, argument.choices);
          !checked.ok()) {
        return checked;
      }
      invocation.Add(argument.name, value);
    }
    if (!argument.optional && !invocation.Has(argument.name)) {
      return WrongUsage(words, absl::StrCat(argument.name, " is missing"));
    }
  }
  if (taken == words.arguments.size()) return absl::OkStatus();
  // "stacks lst" calls the command that "stacks" stands for.
  const std::string& word = words.arguments[taken];
  return WrongUsage(
      words, absl::StrCat("unexpected argument ", base::Quote(word),
                          HintOf(word, NextCommandWords(table, words.path))));
}

// Whose help is asked for; see Parse().
Invocation HelpInvocation(const std::vector<CommandSpec>& table,
                          const SortedWords& words) {
  if (words.path.empty()) {
    Invocation invocation(&table.front());
    invocation.Add("help", "overview");
    return invocation;
  }
  if (!words.is_group) {
    Invocation invocation(words.command);
    invocation.Add("help", "");
    return invocation;
  }
  // The first of the group stands for all of it.
  const auto first = absl::c_find_if(table, [&](const CommandSpec& spec) {
    return absl::StartsWith(spec.path, absl::StrCat(words.path, " "));
  });
  Invocation invocation(first == table.end() ? words.command : &*first);
  invocation.Add("help", "group");
  return invocation;
}

}  // namespace

absl::StatusOr<Invocation> Parse(const std::vector<CommandSpec>& table,
                                 const std::vector<std::string>& arguments) {
  const SortedWords words = SortWords(table, arguments);
  const bool wants_help = absl::c_any_of(
      words.options,
      [](const GivenOption& given) { return given.spec->name == "help"; });
  if (wants_help && (words.command != nullptr || words.arguments.empty())) {
    return HelpInvocation(table, words);
  }
  if (absl::Status checked = CheckOptions(words);
      !checked.ok() && (words.command != nullptr || words.arguments.empty())) {
    return checked;
  }
  if (words.command == nullptr) return NoCommand(table, words);
  Invocation invocation(words.command);
  absl::Status status = AddOptions(words, invocation);
  if (status.ok()) status = AddArguments(table, words, invocation);
  if (!status.ok()) return status;
  return invocation;
}

}  // namespace tallyman::tally
