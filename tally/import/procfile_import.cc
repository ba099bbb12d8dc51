#include "tally/import/procfile_import.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "platform/base/text.h"
#include "stacks/model/definition.h"
#include "stacks/model/procfile.h"
#include "tally/import/draft.h"
#include "tally/import/env_file.h"
#include "tally/import/types.h"

namespace tallyman::tally {
namespace {

// The line that defines the process, from 1.
int LineOf(std::string_view text, std::string_view name) {
  int number = 0;
  for (std::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    absl::ConsumePrefix(&line, "\xef\xbb\xbf");
    line = absl::StripLeadingAsciiWhitespace(line);
    if (absl::ConsumePrefix(&line, name) &&
        absl::StripLeadingAsciiWhitespace(line).starts_with(':')) {
      return number;
    }
  }
  return 1;
}

}  // namespace

absl::StatusOr<ImportResult> ImportProcfile(absl::Span<const ImportFile> files,
                                            const ImportOptions& options) {
  std::vector<const ImportFile*> env_files;
  const ImportFile* procfile = nullptr;
  for (const ImportFile& file : files) {
    if (IsEnvFile(file.name)) {
      env_files.push_back(&file);
    } else if (procfile == nullptr) {
      procfile = &file;
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("there are two Procfiles, ", base::Quote(procfile->name),
                       " and ", base::Quote(file.name), "; give one"));
    }
  }
  if (procfile == nullptr) {
    return absl::InvalidArgumentError("there is no Procfile");
  }
  absl::StatusOr<std::vector<stacks::ProcessDefinition>> processes =
      stacks::ParseProcfile(procfile->text);
  if (!processes.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        base::Quote(procfile->name), ": ", processes.status().message()));
  }
  StackDraft draft(options);
  for (const stacks::ProcessDefinition& definition : *processes) {
    const Origin origin = {.file = procfile->name,
                           .line = LineOf(procfile->text, definition.name),
                           .key = definition.name};
    ProcessDraft* process = draft.AddProcess(origin, definition.name);
    if (process == nullptr) continue;
    process->SetCommand(origin, definition.command);
    if (!options.base_directory.empty()) {
      process->SetDirectory(origin, options.base_directory);
    }
    // As foreman does.
    process->SetInstances(origin, 1);
    for (const ImportFile* file : env_files) {
      SetVariables(*file, /*has_comments=*/false, *process, draft.notes());
    }
  }
  const std::string_view folder = BaseName(options.base_directory);
  return draft.Finish(folder.empty() ? "procfile" : folder);
}

}  // namespace tallyman::tally
