#include "tally/commands/import_command.h"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/client/input_file.h"
#include "tally/commands/session.h"
#include "tally/import/import.h"
#include "tally/terminal/output.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

// The variables of this process, for formats that refer to them.
std::map<std::string, std::string> Environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

// The absolute folder of the first file, against which its paths are meant.
std::string FolderOf(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute =
      path == "-" ? std::filesystem::current_path(error)
                  : std::filesystem::absolute(path, error).parent_path();
  return error ? "" : absolute.lexically_normal().string();
}

std::string_view KindName(ImportNoteKind kind) {
  switch (kind) {
    case ImportNoteKind::kDropped:
      return "dropped";
    case ImportNoteKind::kChanged:
      return "changed";
    case ImportNoteKind::kSecret:
      return "secret";
  }
  return "";
}

Json JsonOf(const ImportResult& result) {
  Json notes = Json::array();
  for (const ImportNote& note : result.notes) {
    notes.push_back({{"kind", KindName(note.kind)},
                     {"file", note.file},
                     {"line", note.line},
                     {"key", note.key},
                     {"message", note.message}});
  }
  return {{"definition", result.definition}, {"notes", std::move(notes)}};
}

absl::StatusOr<ImportResult> Read(const Invocation& arguments) {
  std::vector<ImportFile> files;
  for (const std::string& path : arguments.Values("FILE")) {
    absl::StatusOr<std::string> text = ReadInput(path);
    if (!text.ok()) return text.status();
    files.push_back({.name = path, .text = *std::move(text)});
  }
  std::optional<ImportFormat> format;
  if (const auto name = arguments.Value("format")) {
    format = ParseFormatName(*name);
  } else {
    absl::StatusOr<ImportFormat> guessed = GuessFormat(files.front());
    if (!guessed.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(guessed.status().message(), "; say it with --format"));
    }
    format = *guessed;
  }
  const int64_t processors = sysconf(_SC_NPROCESSORS_ONLN);
  return Import(
      *format, files,
      {.stack_name = arguments.ValueOr("name", ""),
       .environment = arguments.ValueOr("environment", ""),
       .base_directory = FolderOf(files.front().name),
       .variables = Environment(),
       .processors = processors > 0 ? static_cast<int>(processors) : 0});
}

absl::StatusOr<ExitCode> Run(Session& session) {
  const absl::StatusOr<ImportResult> result = Read(session.arguments());
  if (!result.ok()) return result.status();
  Output& out = session.out();
  size_t dropped = 0;
  for (const ImportNote& note : result->notes) {
    if (note.kind == ImportNoteKind::kDropped) ++dropped;
  }
  if (out.is_json()) {
    out.Print(absl::StrCat(JsonOf(*result).dump(), "\n"));
  } else {
    out.Print(absl::StrCat(result->definition.dump(2), "\n"));
    for (const ImportNote& note : result->notes) {
      out.Warn(Printable(FormatNote(note)));
    }
    out.Note(dropped == 0
                 ? "Everything is carried over."
                 : absl::StrCat(dropped,
                                dropped == 1 ? " line is" : " lines are",
                                " not carried over; each is named above."));
  }
  return session.arguments().Has("check") && dropped > 0 ? ExitCode::kFailed
                                                         : ExitCode::kDone;
}

}  // namespace

CommandSpec ImportCommand() {
  return {
      .path = "import",
      .summary = "Make a definition from the files of another supervisor",
      .details =
          "Reads a supervisord.conf, a compose file, a JSON file of PM2, units "
          "of systemd or a Procfile, and prints a definition for `tally stacks "
          "apply -f`. Every line that it cannot carry over is named on "
          "standard error, with the reason. No server is asked.\n\n"
          "Variables that a file refers to are those of this environment.",
      .arguments = {{.name = "FILE",
                     .help = "the files of one stack, with its .env files; - "
                             "is standard input",
                     .completes = Completes::kFile,
                     .repeated = true}},
      .options = {{.name = "format",
                   .value = "FORMAT",
                   .help = "the format, if the file's name does not show it",
                   .completes = Completes::kChoice,
                   .choices = {"supervisord", "compose", "pm2", "systemd",
                               "procfile"}},
                  {.name = "name",
                   .value = "NAME",
                   .help =
                       "name of the stack, in place of the one in the file"},
                  {.name = "environment",
                   .letter = 'e',
                   .value = "ENVIRONMENT",
                   .help = "environment of the stack; chooses env_ENVIRONMENT "
                           "of PM2"},
                  {.name = "check",
                   .help = "exit with 1 if a line is not carried over"}},
      .examples =
          {{.line = "tally import compose.yaml .env",
            .explanation = "the services of a compose file"},
           {.line = "tally import --name=shop /etc/supervisor/conf.d/shop.conf",
            .explanation = "the programs of supervisord"}},
      .run = &Run};
}

}  // namespace tallyman::tally
