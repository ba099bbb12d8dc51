#include "stacks/model/procfile.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "platform/base/text.h"
#include "stacks/model/definition.h"

namespace tallyman::stacks {
namespace {

// The message does not quote the line: commands may have secrets.
absl::Status Invalid(size_t number, std::string_view reason) {
  return absl::InvalidArgumentError(
      absl::StrCat("line ", number, ": ", reason));
}

}  // namespace

absl::StatusOr<std::vector<ProcessDefinition>> ParseProcfile(
    std::string_view text) {
  absl::ConsumePrefix(&text, "\xef\xbb\xbf");  // The byte order mark.
  std::vector<ProcessDefinition> processes;
  absl::flat_hash_map<std::string, size_t> lines;  // by name
  size_t number = 0;
  for (std::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);  // Also the CR.
    if (line.empty() || line.starts_with('#')) continue;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      return Invalid(number, "there is no colon; a line is \"name: command\"");
    }
    const std::string_view name =
        absl::StripTrailingAsciiWhitespace(line.substr(0, colon));
    const std::string_view command =
        absl::StripLeadingAsciiWhitespace(line.substr(colon + 1));
    if (!IsProcessName(name)) {
      return Invalid(number,
                     absl::StrCat("the name ", base::Quote(name),
                                  " has to be 1 to ", kMaxNameBytes,
                                  " letters, digits, \"_\", \"-\" or \".\""));
    }
    const auto [first, is_new] = lines.try_emplace(name, number);
    if (!is_new) {
      return Invalid(number,
                     absl::StrCat("the name ", base::Quote(name),
                                  " is taken already by line ", first->second));
    }
    if (absl::Status status = ValidateCommand(command); !status.ok()) {
      return Invalid(number, absl::StrCat("the ", status.message()));
    }
    if (processes.size() == kMaxProcesses) {
      return Invalid(number, absl::StrCat("there are more than ", kMaxProcesses,
                                          " processes"));
    }
    processes.push_back(
        {.name = std::string(name), .command = std::string(command)});
  }
  if (processes.empty()) {
    return absl::InvalidArgumentError(
        "there is no process; give at least one line \"name: command\"");
  }
  return processes;
}

}  // namespace tallyman::stacks
