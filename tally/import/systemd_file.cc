#include "tally/import/systemd_file.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tally/import/draft.h"
#include "tally/import/shell_words.h"
#include "tally/import/types.h"

namespace tallyman::tally {
namespace {

// Reads the escape behind a backslash, and removes it from `text`.
absl::Status TakeEscape(std::string_view& text, std::string& out) {
  if (text.empty()) {
    return absl::InvalidArgumentError("the value ends with a backslash");
  }
  const char c = text[0];
  if (c == 's') {  // Not of C.
    out.push_back(' ');
    text.remove_prefix(1);
    return absl::OkStatus();
  }
  size_t size = 1;
  if (c == 'x') size = 3;
  if (c == 'u') size = 5;
  if (c == 'U') size = 9;
  if (c >= '0' && c <= '7') size = 3;
  std::string decoded;
  const bool is_known = std::string_view("abfnrtv\\\"'xuU01234567").find(c) !=
                        std::string_view::npos;
  if (!is_known || text.size() < size ||
      !absl::CUnescape(absl::StrCat("\\", text.substr(0, size)), &decoded) ||
      HasMarks(decoded) || decoded == std::string_view("\0", 1)) {
    return absl::InvalidArgumentError(
        "a backslash has no escape behind it; write two for the character");
  }
  out += decoded;
  text.remove_prefix(size);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<UnitEntry>> ParseUnit(const ImportFile& file) {
  std::vector<UnitEntry> entries;
  std::string section;
  std::string pending;  // A line that ended with a backslash.
  int begin = 0;        // Its number.
  int number = 0;
  std::string_view text = file.text;
  absl::ConsumePrefix(&text, "\xef\xbb\xbf");
  for (std::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    // Also between continued lines.
    if (line.starts_with('#') || line.starts_with(';')) continue;
    if (begin == 0) begin = number;
    const bool goes_on = absl::ConsumeSuffix(&line, "\\");
    absl::StrAppend(&pending, line);
    if (goes_on) {
      pending.push_back(' ');
      continue;
    }
    const std::string whole(absl::StripAsciiWhitespace(pending));
    const int first = std::exchange(begin, 0);
    pending.clear();
    if (whole.empty()) continue;
    if (whole.starts_with('[')) {
      if (!whole.ends_with(']')) {
        return InvalidAt(file.name, first, "the name of the section has no ]");
      }
      section = whole.substr(1, whole.size() - 2);
      continue;
    }
    const size_t equals = whole.find('=');
    if (equals == std::string::npos || equals == 0) {
      return InvalidAt(file.name, first, "the line is not key=value");
    }
    if (section.empty()) {
      return InvalidAt(file.name, first,
                       "the line is before the first [section]");
    }
    entries.push_back(
        {.origin = {.file = file.name,
                    .line = first,
                    .key = std::string(absl::StripTrailingAsciiWhitespace(
                        std::string_view(whole).substr(0, equals)))},
         .section = section,
         .value = std::string(absl::StripLeadingAsciiWhitespace(
             std::string_view(whole).substr(equals + 1)))});
  }
  if (begin != 0 && !absl::StripAsciiWhitespace(pending).empty()) {
    return InvalidAt(file.name, begin, "the last line ends with a backslash");
  }
  return entries;
}

absl::StatusOr<std::vector<UnitWord>> SplitUnitWords(std::string_view text) {
  std::vector<UnitWord> words;
  while (true) {
    text = absl::StripLeadingAsciiWhitespace(text);
    if (text.empty()) return words;
    UnitWord word;
    char mark = '\0';  // Of the open quotation.
    while (!text.empty()) {
      const char c = text[0];
      if (mark == '\0' && absl::ascii_isspace(c)) break;
      text.remove_prefix(1);
      if (c == '\\') {
        if (absl::Status taken = TakeEscape(text, word.text); !taken.ok()) {
          return taken;
        }
      } else if (c == mark) {
        mark = '\0';
      } else if (mark == '\0' && (c == '"' || c == '\'')) {
        mark = c;
        word.is_quoted = true;
      } else {
        word.text.push_back(c);
      }
    }
    if (mark != '\0') {
      return absl::InvalidArgumentError("a quotation is not closed");
    }
    words.push_back(std::move(word));
  }
}

}  // namespace tallyman::tally
