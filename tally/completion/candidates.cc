#include "tally/completion/candidates.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tally/cli/command.h"
#include "tally/cli/words.h"

namespace tallyman::tally {
namespace {

bool IsList(Completes kind) { return kind == Completes::kField; }

// Adds the values of an option or argument, of which `typed` stands behind
// `prefix` in the word.
void AddValues(Completes kind, const std::vector<std::string_view>& choices,
               std::string prefix, std::string_view typed, CursorWord& out) {
  for (const std::string_view choice : choices) {
    out.candidates.push_back({absl::StrCat(prefix, choice)});
  }
  if (!choices.empty()) return;
  if (const size_t comma = typed.rfind(',');
      IsList(kind) && comma != std::string_view::npos) {
    absl::StrAppend(&prefix, typed.substr(0, comma + 1));
    typed.remove_prefix(comma + 1);
  }
  out.wanted = {
      .kind = kind, .prefix = std::move(prefix), .typed = std::string(typed)};
}

void AddOptions(const std::vector<OptionSpec>& options, CursorWord& out) {
  for (const OptionSpec& option : options) {
    const bool is_given = absl::c_any_of(
        out.before.options,
        [&](const GivenOption& given) { return given.spec == &option; });
    // A token in the arguments is not encouraged.
    if ((is_given && !option.repeated) || option.name == "token") continue;
    out.candidates.push_back(
        {absl::StrCat("--", option.name), std::string(option.help)});
  }
}

const OptionSpec* FindOption(const CursorWord& out, std::string_view name) {
  const auto has_name = [name](const OptionSpec& option) {
    return option.name == name;
  };
  if (out.before.command != nullptr) {
    const auto& options = out.before.command->options;
    const auto found = absl::c_find_if(options, has_name);
    if (found != options.end()) return &*found;
  }
  const auto found = absl::c_find_if(GlobalOptions(), has_name);
  return found == GlobalOptions().end() ? nullptr : &*found;
}

// A word that begins with "-".
void AddForDash(std::string_view word, CursorWord& out) {
  const size_t equals = word.find('=');
  if (absl::StartsWith(word, "--") && equals != std::string_view::npos) {
    const OptionSpec* const option =
        FindOption(out, word.substr(2, equals - 2));
    if (option != nullptr && !option->value.empty()) {
      AddValues(option->completes, option->choices,
                std::string(word.substr(0, equals + 1)),
                word.substr(equals + 1), out);
    }
    return;
  }
  if (out.before.command != nullptr) {
    AddOptions(out.before.command->options, out);
  }
  AddOptions(GlobalOptions(), out);
  if (out.before.path.empty()) {
    out.candidates.push_back({"--version", "show the version"});
  }
}

// The description of a command word, which may be that of a group.
std::string Describe(const std::vector<CommandSpec>& table,
                     const std::string& path) {
  const std::vector<std::string_view> next = NextCommandWords(table, path);
  if (!next.empty()) return absl::StrJoin(next, ", ");
  const CommandSpec* const command = FindCommand(table, path);
  return command == nullptr ? "" : std::string(command->summary);
}

void AddCommandWords(const std::vector<CommandSpec>& table,
                     std::string_view path, CursorWord& out) {
  for (const std::string_view word : NextCommandWords(table, path)) {
    const std::string whole =
        path.empty() ? std::string(word) : absl::StrCat(path, " ", word);
    out.candidates.push_back({std::string(word), Describe(table, whole)});
  }
}

void AddForArgument(const std::vector<CommandSpec>& table,
                    std::string_view word, CursorWord& out) {
  const SortedWords& before = out.before;
  if (before.arguments.empty() && !before.after_dashes) {
    AddCommandWords(table, before.path, out);
  }
  if (before.command == nullptr || before.command->arguments.empty()) return;
  const std::vector<ArgumentSpec>& arguments = before.command->arguments;
  size_t index = before.arguments.size();
  if (arguments.back().repeated) {
    index = std::min(index, arguments.size() - 1);
  }
  if (index >= arguments.size()) return;
  const ArgumentSpec& argument = arguments[index];
  if (argument.completes == Completes::kCommand) {
    AddCommandWords(table, absl::StrJoin(before.arguments, " "), out);
    return;
  }
  AddValues(argument.completes, argument.choices, "", word, out);
}

}  // namespace

CursorWord FindCandidates(const std::vector<CommandSpec>& table,
                          std::vector<std::string> words) {
  std::string word;
  if (!words.empty()) {
    word = std::move(words.back());
    words.pop_back();
  }
  CursorWord out;
  out.before = SortWords(table, words);
  if (const OptionSpec* const open = out.before.open) {
    AddValues(open->completes, open->choices, "", word, out);
  } else if (absl::StartsWith(word, "-") && !out.before.after_dashes) {
    AddForDash(word, out);
  } else {
    AddForArgument(table, word, out);
  }
  return out;
}

}  // namespace tallyman::tally
