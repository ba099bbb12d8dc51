#include "tally/import/env_file.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "tally/import/draft.h"
#include "tally/import/types.h"

namespace tallyman::tally {
namespace {

// Reads the text behind a `mark`, to the next one, which it removes. False if
// there is none.
bool TakeQuoted(char mark, std::string_view& text, std::string& value) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == mark) {
      text.remove_prefix(i + 1);
      return true;
    }
    if (mark == '"' && text[i] == '\\' && i + 1 < text.size()) {
      const char c = text[++i];
      switch (c) {
        case 'n':
          value.push_back('\n');
          break;
        case 't':
          value.push_back('\t');
          break;
        case '"':
        case '\\':
        case '$':
        case '`':
          value.push_back(c);
          break;
        default:
          value.push_back('\\');
          value.push_back(c);
          break;
      }
      continue;
    }
    value.push_back(text[i]);
  }
  return false;
}

std::string_view TakeLine(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::string_view WithoutComment(std::string_view value) {
  for (size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '#' && (i == 0 || absl::ascii_isspace(value[i - 1]))) {
      return value.substr(0, i);
    }
  }
  return value;
}

}  // namespace

std::vector<EnvLine> ParseEnvFile(const ImportFile& file, bool has_comments,
                                  Notes& notes) {
  std::vector<EnvLine> lines;
  std::string_view rest = file.text;
  absl::ConsumePrefix(&rest, "\xef\xbb\xbf");
  for (int number = 1; !rest.empty(); ++number) {
    std::string_view tail = rest;  // From this line on.
    std::string_view line = absl::StripAsciiWhitespace(TakeLine(rest));
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    const Origin origin = {.file = file.name, .line = number};
    if (absl::ConsumePrefix(&line, "export ")) {
      line = absl::StripLeadingAsciiWhitespace(line);
    }
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
      notes.Dropped(origin, "the line is not NAME=value");
      continue;
    }
    EnvLine parsed = {.line = number,
                      .name = std::string(
                          absl::StripAsciiWhitespace(line.substr(0, equals)))};
    std::string_view value =
        absl::StripLeadingAsciiWhitespace(line.substr(equals + 1));
    if (!value.starts_with('"') && !value.starts_with('\'')) {
      if (has_comments) value = WithoutComment(value);
      parsed.value = absl::StripTrailingAsciiWhitespace(value);
      lines.push_back(std::move(parsed));
      continue;
    }
    tail.remove_prefix(static_cast<size_t>(value.data() + 1 - tail.data()));
    const std::string_view quoted = tail;
    if (!TakeQuoted(value[0], tail, parsed.value)) {
      notes.Dropped(origin, "the quotation is not closed");
      continue;
    }
    const std::string_view used = quoted.substr(0, quoted.size() - tail.size());
    std::string_view behind = TakeLine(tail);
    if (has_comments) behind = WithoutComment(behind);
    if (!absl::StripAsciiWhitespace(behind).empty()) {
      notes.Dropped(origin, "text follows the closing quotation mark");
      continue;
    }
    number += static_cast<int>(std::count(used.begin(), used.end(), '\n'));
    rest = tail;
    lines.push_back(std::move(parsed));
  }
  return lines;
}

bool IsEnvFile(std::string_view name) {
  name = BaseName(name);
  return name == ".env" || name.starts_with(".env.") ||
         absl::EndsWith(name, ".env");
}

const ImportFile* FindFile(absl::Span<const ImportFile> files,
                           std::string_view path) {
  const ImportFile* found = nullptr;
  for (const ImportFile& file : files) {
    if (file.name == path) return &file;
    if (found == nullptr && BaseName(file.name) == BaseName(path)) {
      found = &file;
    }
  }
  return found;
}

void SetVariables(const ImportFile& file, bool has_comments,
                  ProcessDraft& process, Notes& notes) {
  for (const EnvLine& line : ParseEnvFile(file, has_comments, notes)) {
    process.SetVariable(
        {.file = file.name, .line = line.line, .key = line.name}, line.name,
        line.value);
  }
}

}  // namespace tallyman::tally
