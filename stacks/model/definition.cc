#include "stacks/model/definition.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "platform/base/digest.h"
#include "platform/base/text.h"
#include "stacks/model/signal_table.h"
#include "stacks/model/stop_sequence.h"

namespace tallyman::stacks {
namespace {

constexpr size_t kMaxDirectoryBytes = 4095;  // PATH_MAX without its NUL
constexpr size_t kMaxUserBytes = 256;        // LOGIN_NAME_MAX
constexpr size_t kLaunchHashDigits = 32;
constexpr std::string_view kReservedPrefix = "TALLYMAN_";

template <typename Digest>
std::string Hex(const Digest& digest) {
  return absl::BytesToHexString(std::string_view(
      reinterpret_cast<const char*>(digest.data()), digest.size()));
}

// The length prefix keeps different lists of fields different.
void AppendField(std::string_view text, std::string& out) {
  absl::StrAppend(&out, text.size(), ":", text, ";");
}

void AppendField(std::optional<int64_t> number, std::string& out) {
  AppendField(number ? absl::StrCat(*number) : "", out);
}

absl::Status Invalid(std::string_view key, std::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat(key, " ", reason));
}

// The rules for all texts.
absl::Status ValidateText(std::string_view key, std::string_view text,
                          size_t max_bytes) {
  if (text.size() > max_bytes) {
    return Invalid(key, absl::StrCat("has ", text.size(), " bytes; at most ",
                                     max_bytes, " are allowed"));
  }
  if (const std::optional<size_t> at = base::FindInvalidUtf8(text)) {
    return Invalid(key, absl::StrCat("is not UTF-8 at byte ", *at));
  }
  if (const size_t at = text.find('\0'); at != std::string_view::npos) {
    return Invalid(key, absl::StrCat("has a NUL at byte ", at));
  }
  return absl::OkStatus();
}

absl::Status ValidateLabel(std::string_view key, std::string_view text) {
  if (absl::Status status = ValidateText(key, text, kMaxNameBytes);
      !status.ok()) {
    return status;
  }
  if (const std::optional<size_t> at = base::FindControl(text)) {
    return Invalid(key, absl::StrCat("has a control character at byte ", *at));
  }
  return absl::OkStatus();
}

absl::Status ValidateRange(std::string_view key, std::optional<int64_t> number,
                           int64_t least, int64_t most) {
  if (!number || (*number >= least && *number <= most)) return absl::OkStatus();
  if (most == INT64_MAX) {
    return Invalid(
        key, absl::StrCat("is ", *number, "; it has to be at least ", least));
  }
  return Invalid(key, absl::StrCat("is ", *number, "; it has to be from ",
                                   least, " to ", most));
}

absl::Status ValidateDirectory(std::string_view directory) {
  if (directory.empty()) return absl::OkStatus();
  if (!directory.starts_with('/')) {
    return Invalid("directory",
                   absl::StrCat(base::Quote(directory),
                                " is not absolute; begin it with /"));
  }
  return ValidateText("directory", directory, kMaxDirectoryBytes);
}

bool IsVariableName(std::string_view name) {
  if (name.empty() || absl::ascii_isdigit(name[0])) return false;
  for (const char c : name) {
    if (!absl::ascii_isalnum(c) && c != '_') return false;
  }
  return true;
}

absl::Status ValidateEnvironment(
    const std::map<std::string, std::string>& environment) {
  size_t bytes = 0;
  for (const auto& [name, value] : environment) {
    if (!IsVariableName(name)) {
      return Invalid("env",
                     absl::StrCat(base::Quote(name),
                                  " is not the name of a variable; it has "
                                  "to match [A-Za-z_][A-Za-z0-9_]*"));
    }
    if (name.starts_with(kReservedPrefix)) {
      return Invalid(
          "env", absl::StrCat(base::Quote(name), " begins with ",
                              kReservedPrefix, ", which is the server's own"));
    }
    bytes += name.size() + value.size() + 2;  // "=" and NUL
    if (absl::Status status =
            ValidateText(absl::StrCat("env ", base::Quote(name)), value,
                         kMaxEnvironmentBytes);
        !status.ok()) {
      return status;
    }
  }
  if (bytes > kMaxEnvironmentBytes) {
    return Invalid("env", absl::StrCat("has ", bytes, " bytes in all; at most ",
                                       kMaxEnvironmentBytes, " are allowed"));
  }
  return absl::OkStatus();
}

// Allows the names of directory services too: "user@realm", "DOMAIN\user" and
// "machine$".
absl::Status ValidateUser(std::string_view user) {
  if (user.empty()) return absl::OkStatus();
  bool is_name = user.size() <= kMaxUserBytes && user[0] != '-';
  for (const char c : user) {
    is_name = is_name &&
              (absl::ascii_isalnum(c) ||
               std::string_view("_.-@+$\\").find(c) != std::string_view::npos);
  }
  if (is_name) return absl::OkStatus();
  return Invalid("user",
                 absl::StrCat(base::Quote(user), " can't be a user's name"));
}

absl::Status ValidateStopSequence(const StopSequence& sequence) {
  if (sequence.steps.empty() || sequence.steps.back().signal != kKillSignal) {
    return Invalid("stop_sequence", "doesn't end with kill");
  }
  if (sequence.steps.size() > kMaxStopSteps) {
    return Invalid(
        "stop_sequence",
        absl::StrCat("has ", sequence.steps.size(), " signals; at most ",
                     kMaxStopSteps, " are allowed"));
  }
  for (const StopStep& step : sequence.steps) {
    if (step.wait < absl::ZeroDuration() || step.wait > kMaxStopWait) {
      return Invalid("stop_sequence", "waits too long");
    }
  }
  return absl::OkStatus();
}

// All fields except the name.
absl::Status ValidateProcess(const ProcessDefinition& process) {
  for (const absl::Status& status :
       {ValidateCommand(process.command), ValidateDirectory(process.directory),
        ValidateEnvironment(process.env), ValidateUser(process.user),
        ValidateStopSequence(process.stop_sequence),
        ValidateRange("max_instances", process.max_instances, 1, kMaxInstances),
        ValidateRange("cpu", process.cpu, 1, INT64_MAX),
        ValidateRange("memory", process.memory, 1, INT64_MAX),
        ValidateRange("nofile", process.nofile, kMinOpenFiles, kMaxOpenFiles),
        ValidateRange("instances", process.instances, 0,
                      process.max_instances)}) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

std::string ProcessDefinition::LaunchHash() const {
  std::string fields;
  AppendField(command, fields);
  AppendField(directory.empty() ? "/" : directory, fields);
  AppendField(static_cast<int64_t>(env.size()), fields);
  for (const auto& [variable, value] : env) {
    AppendField(variable, fields);
    AppendField(value, fields);
  }
  AppendField(user, fields);
  AppendField(cpu, fields);
  AppendField(memory, fields);
  AppendField(nofile, fields);
  std::string digest = Hex(base::Sha256(fields));
  digest.resize(kLaunchHashDigits);
  return digest;
}

const ProcessDefinition* StackDefinition::Find(
    std::string_view process_name) const {
  for (const ProcessDefinition& process : processes) {
    if (process.name == process_name) return &process;
  }
  return nullptr;
}

bool IsProcessName(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes) return false;
  for (const char c : name) {
    if (!absl::ascii_isalnum(c) && c != '_' && c != '.' && c != '-') {
      return false;
    }
  }
  return name != "." && name != "..";
}

absl::Status ValidateCommand(std::string_view command) {
  if (absl::StripAsciiWhitespace(command).empty()) {
    return Invalid("command", "is empty");
  }
  return ValidateText("command", command, kMaxCommandBytes);
}

absl::Status Validate(const StackDefinition& stack) {
  if (stack.name.empty()) return Invalid("name", "is empty");
  if (absl::Status status = ValidateLabel("name", stack.name); !status.ok()) {
    return status;
  }
  if (absl::Status status = ValidateLabel("environment", stack.environment);
      !status.ok()) {
    return status;
  }
  if (stack.processes.empty()) {
    return Invalid("processes", "is empty; a stack has at least one process");
  }
  if (stack.processes.size() > kMaxProcesses) {
    return Invalid("processes", absl::StrCat("has ", stack.processes.size(),
                                             " items; at most ", kMaxProcesses,
                                             " are allowed"));
  }
  absl::flat_hash_map<std::string_view, size_t> positions;
  for (size_t i = 0; i < stack.processes.size(); ++i) {
    const ProcessDefinition& process = stack.processes[i];
    if (!IsProcessName(process.name)) {
      return Invalid(absl::StrCat("process ", i + 1, ": name"),
                     absl::StrCat(base::Quote(process.name), " has to be 1 to ",
                                  kMaxNameBytes,
                                  " letters, digits, \"_\", \"-\" or \".\""));
    }
    const std::string prefix =
        absl::StrCat("process ", base::Quote(process.name), ": ");
    const auto [first, is_new] = positions.try_emplace(process.name, i + 1);
    if (!is_new) {
      return Invalid(absl::StrCat(prefix, "name"),
                     absl::StrCat("is taken twice, by processes ",
                                  first->second, " and ", i + 1));
    }
    if (absl::Status status = ValidateProcess(process); !status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(prefix, status.message()));
    }
  }
  return absl::OkStatus();
}

std::string Md5Hex(std::string_view text) {
  const std::optional<base::Md5Digest> digest = base::Md5(text);
  return digest ? Hex(*digest) : "";
}

}  // namespace tallyman::stacks
