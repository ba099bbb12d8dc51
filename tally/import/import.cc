#include "tally/import/import.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "platform/base/text.h"
#include "stacks/model/procfile.h"
#include "tally/import/compose.h"
#include "tally/import/draft.h"
#include "tally/import/pm2.h"
#include "tally/import/procfile_import.h"
#include "tally/import/shell_words.h"
#include "tally/import/supervisord.h"
#include "tally/import/systemd.h"

namespace tallyman::tally {
namespace {

struct FormatRow {
  ImportFormat format;
  std::string_view name;
};
constexpr FormatRow kFormats[] = {
    {ImportFormat::kSupervisord, "supervisord"},
    {ImportFormat::kCompose, "compose"},
    {ImportFormat::kPm2, "pm2"},
    {ImportFormat::kSystemd, "systemd"},
    {ImportFormat::kProcfile, "procfile"},
};

bool IsJavaScript(std::string_view name) {
  return name.ends_with(".js") || name.ends_with(".cjs") ||
         name.ends_with(".mjs");
}

absl::Status JavaScriptError(std::string_view name) {
  return absl::InvalidArgumentError(
      absl::StrCat(base::Quote(name),
                   " is a program in JavaScript, which is not run; start it by "
                   "PM2, call pm2 "
                   "save, and import ~/.pm2/dump.pm2"));
}

std::optional<ImportFormat> FormatByName(std::string_view name) {
  for (const std::string_view unit :
       {".service", ".target", ".timer", ".socket", ".path", ".service.d"}) {
    if (name.ends_with(unit)) return ImportFormat::kSystemd;
  }
  if (name.starts_with("supervisor")) return ImportFormat::kSupervisord;
  if (name.starts_with("Procfile")) return ImportFormat::kProcfile;
  if (name == "dump.pm2" || name.starts_with("ecosystem.")) {
    return ImportFormat::kPm2;
  }
  if ((name.starts_with("compose") || name.starts_with("docker-compose")) &&
      (name.ends_with(".yaml") || name.ends_with(".yml"))) {
    return ImportFormat::kCompose;
  }
  return std::nullopt;
}

std::optional<ImportFormat> FormatByText(std::string_view text) {
  for (std::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripTrailingAsciiWhitespace(line);
    if (line.starts_with("[program:") || line == "[supervisord]") {
      return ImportFormat::kSupervisord;
    }
    if (line == "[Unit]" || line == "[Service]") return ImportFormat::kSystemd;
    if (line == "services:") return ImportFormat::kCompose;
    if (line == "apps:") return ImportFormat::kPm2;
  }
  text = absl::StripLeadingAsciiWhitespace(text);
  if (text.starts_with('{') || text.starts_with('[')) {
    return ImportFormat::kPm2;
  }
  if (stacks::ParseProcfile(text).ok()) return ImportFormat::kProcfile;
  return std::nullopt;
}

// Refuses what no format has, so that readers need not.
absl::Status CheckText(const ImportFile& file) {
  for (size_t at = 0; at < file.text.size(); ++at) {
    if (file.text[at] != '\0' &&
        !HasMarks(std::string_view(file.text).substr(at, 1))) {
      continue;
    }
    const auto end = file.text.begin() + static_cast<std::ptrdiff_t>(at);
    const auto line = std::count(file.text.begin(), end, '\n') + 1;
    return InvalidAt(file.name, static_cast<int>(line),
                     "there is a control character; the file is no text");
  }
  if (const std::optional<size_t> at = base::FindInvalidUtf8(file.text)) {
    const auto end = file.text.begin() + static_cast<std::ptrdiff_t>(*at);
    const auto line = std::count(file.text.begin(), end, '\n') + 1;
    return InvalidAt(file.name, static_cast<int>(line),
                     "the text is not UTF-8");
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view FormatName(ImportFormat format) {
  for (const FormatRow& row : kFormats) {
    if (row.format == format) return row.name;
  }
  return "";
}

std::optional<ImportFormat> ParseFormatName(std::string_view name) {
  for (const FormatRow& row : kFormats) {
    if (absl::EqualsIgnoreCase(row.name, name)) return row.format;
  }
  return std::nullopt;
}

absl::StatusOr<ImportFormat> GuessFormat(const ImportFile& file) {
  const std::string_view name = BaseName(file.name);
  if (IsJavaScript(name)) return JavaScriptError(file.name);
  std::optional<ImportFormat> format = FormatByName(name);
  if (!format) format = FormatByText(file.text);
  if (format) return *format;
  return absl::InvalidArgumentError(absl::StrCat(
      "the format of ", base::Quote(file.name),
      " can't be told by its name or its text; name it: supervisord, compose, "
      "pm2, systemd or procfile"));
}

absl::StatusOr<ImportResult> Import(ImportFormat format,
                                    absl::Span<const ImportFile> files,
                                    const ImportOptions& options) {
  if (files.empty()) {
    return absl::InvalidArgumentError("there is no file to import");
  }
  size_t bytes = 0;
  for (const ImportFile& file : files) {
    bytes += file.text.size();
    if (IsJavaScript(file.name)) return JavaScriptError(file.name);
    if (absl::Status valid = CheckText(file); !valid.ok()) return valid;
  }
  if (bytes > kMaxImportBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the files have ", bytes, " bytes; at most ",
                     kMaxImportBytes, " are allowed"));
  }
  for (const auto& [name, value] : options.variables) {
    if (HasMarks(value)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the variable ", base::Quote(name), " has a control character"));
    }
  }
  switch (format) {
    case ImportFormat::kSupervisord:
      return ImportSupervisord(files, options);
    case ImportFormat::kCompose:
      return ImportCompose(files, options);
    case ImportFormat::kPm2:
      return ImportPm2(files, options);
    case ImportFormat::kSystemd:
      return ImportSystemd(files, options);
    case ImportFormat::kProcfile:
      return ImportProcfile(files, options);
  }
  return absl::InvalidArgumentError("there is no such format");
}

std::string FormatNote(const ImportNote& note) {
  std::string_view kind;
  switch (note.kind) {
    case ImportNoteKind::kDropped:
      kind = "not carried over";
      break;
    case ImportNoteKind::kChanged:
      kind = "changed";
      break;
    case ImportNoteKind::kSecret:
      kind = "secret";
      break;
  }
  return absl::StrCat(note.file, ":", note.line, ": ", note.key,
                      note.key.empty() ? "" : ": ", kind, ": ", note.message);
}

}  // namespace tallyman::tally
