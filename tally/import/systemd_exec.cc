#include "tally/import/systemd_exec.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "tally/import/draft.h"
#include "tally/import/reasons.h"
#include "tally/import/shell_words.h"
#include "tally/import/systemd_file.h"
#include "tally/import/systemd_specifier.h"

namespace tallyman::tally {
namespace {

struct Prefixes {
  bool has_own_name = false;     // '@'
  bool keeps_variables = false;  // ':'
};

// Removes the characters before the path of the program.
Prefixes TakePrefixes(const Origin& origin, std::string_view& value,
                      Notes& notes) {
  Prefixes prefixes;
  for (; !value.empty(); value.remove_prefix(1)) {
    switch (value[0]) {
      case '@':
        prefixes.has_own_name = true;
        notes.Changed(origin,
                      "the program gets its path as its name, not the word "
                      "behind it");
        break;
      case ':':
        prefixes.keeps_variables = true;
        break;
      case '-':
        notes.Changed(origin, kRestartReason);
        break;
      case '+':
      case '!':
        notes.Dropped(origin,
                      "the program does not get more rights than its user");
        break;
      default:
        return prefixes;
    }
  }
  return prefixes;
}

size_t NameSize(std::string_view text) {
  size_t size = 0;
  while (size < text.size() &&
         (absl::ascii_isalpha(text[size]) || text[size] == '_' ||
          (size > 0 && absl::ascii_isdigit(text[size])))) {
    ++size;
  }
  return size;
}

// Replaces ${NAME} by an expansion and $$ by $.
std::string WithExpansions(std::string_view text) {
  std::string out;
  while (true) {
    const size_t dollar = text.find('$');
    absl::StrAppend(&out, text.substr(0, dollar));
    if (dollar == std::string_view::npos) return out;
    text.remove_prefix(dollar + 1);
    if (absl::ConsumePrefix(&text, "$")) {
      out.push_back('$');
      continue;
    }
    const size_t size = text.starts_with('{') ? NameSize(text.substr(1)) : 0;
    if (size > 0 && text.substr(size + 1).starts_with('}')) {
      absl::StrAppend(&out,
                      Expansion(absl::StrCat("$", text.substr(0, size + 2))));
      text.remove_prefix(size + 2);
    } else {
      out.push_back('$');
    }
  }
}

}  // namespace

absl::StatusOr<std::string> ExecCommand(const Origin& origin,
                                        std::string_view value,
                                        const UnitName& unit,
                                        const std::string& instance_script,
                                        Notes& notes) {
  const Prefixes prefixes = TakePrefixes(origin, value, notes);
  absl::StatusOr<std::vector<UnitWord>> words = SplitUnitWords(value);
  if (!words.ok()) return words.status();
  std::vector<std::string> command;
  for (const UnitWord& word : *words) {
    if (word.text == ";" && !word.is_quoted) {
      notes.Dropped(origin,
                    "only the first of several commands is carried over; put "
                    "them into a script");
      break;
    }
    // $NAME as a word of its own is split at spaces, by sh as well.
    if (!prefixes.keeps_variables && !word.is_quoted && word.text.size() > 1 &&
        word.text[0] == '$' &&
        NameSize(std::string_view(word.text).substr(1)) + 1 ==
            word.text.size()) {
      command.push_back(word.text);
      continue;
    }
    // The variables first: a specifier's value may have a '$' of its own.
    absl::StatusOr<std::string> text = ExpandSpecifiers(
        prefixes.keeps_variables ? word.text : WithExpansions(word.text), unit,
        instance_script);
    if (!text.ok()) return text.status();
    command.push_back(QuoteWord(*text));
  }
  if (prefixes.has_own_name && command.size() > 1) {
    command.erase(command.begin() + 1);
  }
  if (command.empty()) {
    return absl::InvalidArgumentError("the value has no program");
  }
  return absl::StrJoin(command, " ");
}

}  // namespace tallyman::tally
