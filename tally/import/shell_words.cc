#include "tally/import/shell_words.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace tallyman::tally {
namespace {

constexpr char kBegin = '\x01';
constexpr char kEnd = '\x02';

// Bytes without a meaning to a shell anywhere in a word but the first.
bool IsPlain(char c) {
  return absl::ascii_isalnum(c) ||
         std::string_view("_-./:,+@=%").find(c) != std::string_view::npos;
}

// Inside "...".
void AppendLiteral(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '$' || c == '`') out.push_back('\\');
    out.push_back(c);
  }
}

std::string QuoteAlways(std::string_view word) {
  return absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
}

}  // namespace

absl::StatusOr<std::vector<std::string>> SplitWords(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool has_word = false;  // Also an empty one, in quotation marks.
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (absl::ascii_isspace(c)) {
      if (has_word) words.push_back(word);
      word.clear();
      has_word = false;
      continue;
    }
    has_word = true;
    if (c == kBegin) {
      const size_t end = std::min(text.find(kEnd, i), text.size() - 1);
      absl::StrAppend(&word, text.substr(i, end + 1 - i));
      i = end;
    } else if (c == '\\') {
      if (++i == text.size()) {
        return absl::InvalidArgumentError("the command ends with a backslash");
      }
      word.push_back(text[i]);
    } else if (c == '\'' || c == '"') {
      for (++i; i < text.size() && text[i] != c; ++i) {
        if (c == '"' && text[i] == '\\' && i + 1 < text.size() &&
            (text[i + 1] == '"' || text[i + 1] == '\\')) {
          ++i;
        }
        word.push_back(text[i]);
      }
      if (i >= text.size()) {
        return absl::InvalidArgumentError(
            "the command has a quotation that is not closed");
      }
    } else {
      word.push_back(c);
    }
  }
  if (has_word) words.push_back(word);
  return words;
}

std::string Expansion(std::string_view script) {
  return absl::StrCat(std::string_view(&kBegin, 1), script,
                      std::string_view(&kEnd, 1));
}

bool HasMarks(std::string_view text) {
  return absl::StrContains(text, kBegin) || absl::StrContains(text, kEnd);
}

std::string QuoteWord(std::string_view word) {
  if (!HasMarks(word)) {
    const bool is_plain = !word.empty() && word[0] != '=' && word[0] != '%' &&
                          absl::c_all_of(word, IsPlain);
    return is_plain ? std::string(word) : QuoteAlways(word);
  }
  std::string out = "\"";
  while (!word.empty()) {
    const size_t begin = word.find(kBegin);
    AppendLiteral(word.substr(0, begin), out);
    if (begin == std::string_view::npos) break;
    word.remove_prefix(begin + 1);
    const size_t end = word.find(kEnd);
    absl::StrAppend(&out, word.substr(0, end));
    if (end == std::string_view::npos) break;
    word.remove_prefix(end + 1);
  }
  out.push_back('"');
  return out;
}

std::string JoinWords(const std::vector<std::string>& words) {
  std::string command;
  for (const std::string& word : words) {
    if (!command.empty()) command.push_back(' ');
    std::string quoted = QuoteWord(word);
    // As the first word, NAME=value would set a variable.
    if (command.empty() && absl::StrContains(word, '=') && quoted == word) {
      quoted = QuoteAlways(word);
    }
    command += quoted;
  }
  return command;
}

}  // namespace tallyman::tally
