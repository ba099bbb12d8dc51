#include "tally/import/supervisord_file.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "platform/base/text.h"
#include "tally/import/draft.h"
#include "tally/import/types.h"

namespace tallyman::tally {
namespace {

bool IsCommentMark(char c) { return c == '#' || c == ';'; }

// The line without a comment: a mark at its beginning or behind a space.
std::string_view WithoutComment(std::string_view line) {
  for (size_t i = 0; i < line.size(); ++i) {
    if (IsCommentMark(line[i]) &&
        (i == 0 || absl::ascii_isspace(line[i - 1]))) {
      return line.substr(0, i);
    }
  }
  return line;
}

size_t IndentOf(std::string_view line) {
  size_t indent = 0;
  while (indent < line.size() && absl::ascii_isspace(line[indent])) ++indent;
  return indent;
}

// Reads one file, line by line.
class SectionReader {
 public:
  SectionReader(const ImportFile& file, Notes& notes,
                std::vector<IniSection>& sections)
      : file_(file), notes_(notes), sections_(sections) {}

  absl::Status Read() {
    std::string_view text = file_.text;
    absl::ConsumePrefix(&text, "\xef\xbb\xbf");
    for (const std::string_view line : absl::StrSplit(text, '\n')) {
      ++number_;
      if (absl::Status read = ReadLine(line); !read.ok()) return read;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status ReadLine(std::string_view line) {
    const std::string_view text =
        absl::StripTrailingAsciiWhitespace(WithoutComment(line));
    const size_t indent = IndentOf(text);
    if (indent == text.size()) {
      // Keeps the lines of a continued value countable.
      if (entry_ >= 0) Entry().value.push_back('\n');
      return absl::OkStatus();
    }
    const std::string_view content = text.substr(indent);
    if (entry_ >= 0 && indent > indent_) {
      absl::StrAppend(&Entry().value, "\n", content);
      return absl::OkStatus();
    }
    EndEntry();
    if (content[0] == '[') return BeginSection(content);
    if (section_ < 0) {
      return Invalid("the line is before the first [section]");
    }
    return BeginEntry(content, indent);
  }

  absl::Status BeginSection(std::string_view content) {
    const size_t end = content.find(']');
    if (end == std::string_view::npos) {
      return Invalid("the name of the section has no ]");
    }
    const std::string_view name = content.substr(1, end - 1);
    for (size_t i = 0; i < sections_.size(); ++i) {
      if (sections_[i].name == name) {
        section_ = static_cast<std::ptrdiff_t>(i);
        return absl::OkStatus();
      }
    }
    section_ = static_cast<std::ptrdiff_t>(sections_.size());
    sections_.push_back({.origin = At(absl::StrCat("[", name, "]")),
                         .name = std::string(name)});
    return absl::OkStatus();
  }

  absl::Status BeginEntry(std::string_view content, size_t indent) {
    const size_t end = content.find_first_of("=:");
    const std::string key = absl::AsciiStrToLower(
        absl::StripTrailingAsciiWhitespace(content.substr(0, end)));
    if (end == std::string_view::npos || key.empty()) {
      return Invalid("the line is not key=value");
    }
    std::vector<IniEntry>& entries = Section().entries;
    for (size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].origin.key == key) {
        notes_.Dropped(entries[i].origin,
                       absl::StrCat("line ", number_, " sets the key again"));
        entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(i));
        break;
      }
    }
    entries.push_back({.origin = At(key),
                       .value = std::string(absl::StripLeadingAsciiWhitespace(
                           content.substr(end + 1)))});
    entry_ = static_cast<std::ptrdiff_t>(entries.size()) - 1;
    indent_ = indent;
    return absl::OkStatus();
  }

  void EndEntry() { entry_ = -1; }

  IniSection& Section() { return sections_[static_cast<size_t>(section_)]; }
  IniEntry& Entry() { return Section().entries[static_cast<size_t>(entry_)]; }

  Origin At(std::string_view key) const {
    return {.file = file_.name, .line = number_, .key = std::string(key)};
  }

  absl::Status Invalid(std::string_view reason) const {
    return InvalidAt(file_.name, number_, reason);
  }

  const ImportFile& file_;
  Notes& notes_;
  std::vector<IniSection>& sections_;
  int number_ = 0;
  std::ptrdiff_t section_ = -1;
  std::ptrdiff_t entry_ = -1;
  size_t indent_ = 0;
};

}  // namespace

const IniEntry* IniSection::Find(std::string_view key) const {
  for (const IniEntry& entry : entries) {
    if (entry.origin.key == key) return &entry;
  }
  return nullptr;
}

absl::Status ReadSections(const ImportFile& file, Notes& notes,
                          std::vector<IniSection>& sections) {
  if (absl::Status read = SectionReader(file, notes, sections).Read();
      !read.ok()) {
    return read;
  }
  for (IniSection& section : sections) {
    for (IniEntry& entry : section.entries) {
      absl::StripTrailingAsciiWhitespace(&entry.value);
    }
  }
  return absl::OkStatus();
}

std::vector<IniVariable> ParseEnvironment(const Origin& origin,
                                          std::string_view text, Notes& notes) {
  std::vector<IniVariable> variables;
  int line = origin.line;
  const auto skip = [&](std::string_view skipped) {
    line += static_cast<int>(std::count(skipped.begin(), skipped.end(), '\n'));
    text.remove_prefix(skipped.size());
  };
  while (true) {
    size_t at = 0;
    while (at < text.size() &&
           (absl::ascii_isspace(text[at]) || text[at] == ',')) {
      ++at;
    }
    skip(text.substr(0, at));
    if (text.empty()) return variables;
    Origin place = origin;
    place.line = line;
    const size_t equals = text.find('=');
    const size_t comma = std::min(text.find(','), text.size());
    if (equals == std::string_view::npos || equals > comma) {
      notes.Dropped(place, absl::StrCat("a part is not NAME=value"));
      skip(text.substr(0, comma));
      continue;
    }
    IniVariable variable = {
        .line = line,
        .name =
            std::string(absl::StripAsciiWhitespace(text.substr(0, equals)))};
    at = equals + 1;
    while (at < text.size() && absl::ascii_isspace(text[at])) ++at;
    skip(text.substr(0, at));
    const char mark = text.empty() ? '\0' : text[0];
    if (mark == '"' || mark == '\'') {
      const size_t end = text.find(mark, 1);
      if (end == std::string_view::npos) {
        notes.Dropped(place, "the quotation is not closed");
        return variables;
      }
      variable.value = text.substr(1, end - 1);
      skip(text.substr(0, end + 1));
    } else {
      const size_t end = std::min(text.find_first_of(",\n"), text.size());
      variable.value = absl::StripTrailingAsciiWhitespace(text.substr(0, end));
      skip(text.substr(0, end));
    }
    variables.push_back(std::move(variable));
  }
}

}  // namespace tallyman::tally
