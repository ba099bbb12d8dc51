#include "tally/cli/words.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tally/cli/command.h"

namespace tallyman::tally {
namespace {

// True if `name` is `path`, or the begin of its words.
bool LeadsTo(std::string_view path, std::string_view name) {
  return absl::ConsumePrefix(&name, path) &&
         (name.empty() || absl::StartsWith(name, " "));
}

bool IsCommandWords(const std::vector<CommandSpec>& table,
                    std::string_view path) {
  return absl::c_any_of(table, [path](const CommandSpec& spec) {
    return LeadsTo(path, spec.path) || spec.alias == path;
  });
}

// The option of the command, or the global one, for which `fits` is true.
template <typename Predicate>
const OptionSpec* FindOption(const CommandSpec* command, Predicate fits) {
  if (command != nullptr) {
    const auto found = absl::c_find_if(command->options, fits);
    if (found != command->options.end()) return &*found;
  }
  const std::vector<OptionSpec>& globals = GlobalOptions();
  const auto found = absl::c_find_if(globals, fits);
  return found == globals.end() ? nullptr : &*found;
}

void TakeLong(std::string_view word, SortedWords& sorted) {
  const size_t equals = word.find('=');
  const std::string_view written = word.substr(0, equals);
  const OptionSpec* const spec =
      FindOption(sorted.command, [&](const OptionSpec& option) {
        return option.name == written.substr(2);
      });
  if (spec == nullptr) {
    sorted.unknown.emplace_back(word);
    return;
  }
  GivenOption& given = sorted.options.emplace_back(GivenOption{.spec = spec});
  const bool has_value = equals != std::string_view::npos;
  if (spec->value.empty()) {
    if (has_value) sorted.error = absl::StrCat(written, " takes no value");
  } else if (!has_value) {
    if (!spec->value_is_optional) sorted.open = spec;
  } else if (equals + 1 == word.size()) {
    sorted.error = absl::StrCat(written, " needs a value behind \"=\"");
  } else {
    given.value = word.substr(equals + 1);
  }
}

// "-q", several switches "-qt", and a value behind the letter "-sshop".
void TakeLetters(std::string_view word, SortedWords& sorted) {
  for (size_t i = 1; i < word.size(); ++i) {
    const OptionSpec* const spec = FindOption(
        sorted.command,
        [&](const OptionSpec& option) { return option.letter == word[i]; });
    if (spec == nullptr) {
      sorted.unknown.push_back(absl::StrCat("-", word.substr(i, 1)));
      return;
    }
    GivenOption& given = sorted.options.emplace_back(GivenOption{.spec = spec});
    if (spec->value.empty() || spec->value_is_optional) continue;
    if (i + 1 == word.size()) {
      sorted.open = spec;
    } else {
      given.value = word.substr(i + 1);
    }
    return;
  }
}

// Takes the word as the next one of the command, if there is such a command.
bool TakeCommandWord(const std::vector<CommandSpec>& table,
                     std::string_view word, SortedWords& sorted) {
  if (!sorted.arguments.empty() || word.empty()) return false;
  std::string path = sorted.path.empty() ? std::string(word)
                                         : absl::StrCat(sorted.path, " ", word);
  if (!IsCommandWords(table, path)) return false;
  sorted.path = std::move(path);
  sorted.command = FindCommand(table, sorted.path);
  sorted.is_group = !NextCommandWords(table, sorted.path).empty();
  return true;
}

}  // namespace

const CommandSpec* FindCommand(const std::vector<CommandSpec>& table,
                               std::string_view path) {
  if (path.empty()) return nullptr;
  const auto found = absl::c_find_if(table, [path](const CommandSpec& spec) {
    return spec.path == path || spec.alias == path;
  });
  return found == table.end() ? nullptr : &*found;
}

std::vector<std::string_view> NextCommandWords(
    const std::vector<CommandSpec>& table, std::string_view path) {
  std::vector<std::string_view> words;
  const auto add = [&](std::string_view name) {
    if (!path.empty() && (!absl::ConsumePrefix(&name, path) ||
                          !absl::ConsumePrefix(&name, " "))) {
      return;
    }
    const std::string_view word = name.substr(0, name.find(' '));
    if (!word.empty() && !absl::c_linear_search(words, word)) {
      words.push_back(word);
    }
  };
  for (const CommandSpec& spec : table) {
    if (spec.hidden) continue;
    add(spec.path);
    add(spec.alias);
  }
  return words;
}

SortedWords SortWords(const std::vector<CommandSpec>& table,
                      const std::vector<std::string>& words) {
  SortedWords sorted;
  for (const std::string& word : words) {
    if (sorted.open != nullptr) {
      sorted.options.back().value = word;
      sorted.open = nullptr;
    } else if (sorted.after_dashes) {
      sorted.arguments.push_back(word);
    } else if (word == "--") {
      sorted.after_dashes = true;
    } else if (absl::StartsWith(word, "--")) {
      TakeLong(word, sorted);
    } else if (word.size() > 1 && word[0] == '-' &&
               !absl::ascii_isdigit(static_cast<unsigned char>(word[1]))) {
      TakeLetters(word, sorted);
    } else if (!TakeCommandWord(table, word, sorted)) {
      sorted.arguments.push_back(word);
    }
  }
  return sorted;
}

}  // namespace tallyman::tally
