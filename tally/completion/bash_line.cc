#include "tally/completion/bash_line.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace tallyman::tally {
namespace {

// What a backslash quotes within double quotes.
constexpr std::string_view kQuotedInDouble = "\\\"$`";

// What has a meaning for bash outside of quotes.
constexpr std::string_view kSpecial = " \t\n\\\"'`$&|;<>(){}[]*?!~#^";

}  // namespace

BashLine ReadBashLine(std::string_view line, std::string_view breaks) {
  BashLine out;
  out.words.emplace_back();
  bool in_word = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    std::string& word = out.words.back();
    if (out.quote == 0 && (c == ' ' || c == '\t' || c == '\n')) {
      if (in_word) out.words.emplace_back();
      in_word = false;
      out.kept = 0;
      continue;
    }
    in_word = true;
    const bool has_next = i + 1 < line.size();
    if (out.quote == '\'') {
      if (c == '\'') {
        out.quote = 0;
      } else {
        word.push_back(c);
      }
    } else if (c == '\\' && has_next &&
               (out.quote == 0 ||
                absl::StrContains(kQuotedInDouble, line[i + 1]))) {
      word.push_back(line[++i]);
    } else if (c == out.quote) {
      out.quote = 0;
    } else if (out.quote == 0 && (c == '"' || c == '\'')) {
      out.quote = c;
      out.kept = word.size();
    } else if (!(c == '\\' && !has_next)) {
      word.push_back(c);
      if (out.quote == 0 && absl::StrContains(breaks, c)) {
        out.kept = word.size();
      }
    }
  }
  return out;
}

std::optional<std::string> BashReplacement(const BashLine& line,
                                           std::string_view word) {
  if (!absl::StartsWith(word, line.words.back())) return std::nullopt;
  std::string out;
  for (const char c : word.substr(line.kept)) {
    if (line.quote == '\'' && c == '\'') {
      absl::StrAppend(&out, "'\\''");
      continue;
    }
    const std::string_view special = line.quote == 0     ? kSpecial
                                     : line.quote == '"' ? kQuotedInDouble
                                                         : "";
    if (absl::StrContains(special, c)) out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

}  // namespace tallyman::tally
