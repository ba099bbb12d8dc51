#include "tally/import/draft.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "api/redaction/redaction.h"
#include "nlohmann/json.hpp"
#include "platform/base/text.h"
#include "stacks/model/definition.h"
#include "stacks/model/signal_table.h"
#include "stacks/model/stop_sequence.h"

namespace tallyman::tally {
namespace {

using Json = nlohmann::ordered_json;
using stacks::ProcessDefinition;

// The name of the probe below, which begins Validate()'s messages.
constexpr std::string_view kProbe = "p";

// A key for people: as it is, unless it is long or has control characters.
std::string ShownKey(std::string_view key) {
  constexpr size_t kMaxKeyBytes = 120;
  if (key.size() <= kMaxKeyBytes && !base::FindInvalidUtf8(key) &&
      !base::FindControl(key)) {
    return std::string(key);
  }
  return base::Quote(key, kMaxKeyBytes);
}

std::string ValidName(std::string_view name) {
  std::string valid;
  for (const char c : name) {
    const bool is_allowed =
        absl::ascii_isalnum(c) || c == '_' || c == '.' || c == '-';
    // One for each character, which may have several bytes.
    if (is_allowed) {
      valid.push_back(c);
    } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
      valid.push_back('-');
    }
  }
  valid.resize(std::min(valid.size(), stacks::kMaxNameBytes));
  return stacks::IsProcessName(valid) ? valid : "process";
}

// A label of a stack by the server's rules.
std::string ValidLabel(std::string_view text) {
  std::string label(text.substr(0, stacks::kMaxNameBytes));
  if (!label.empty() && !base::FindInvalidUtf8(label) &&
      !base::FindControl(label)) {
    return label;
  }
  return ValidName(text);
}

Json ProcessJson(const ProcessDefinition& process) {
  Json json = {{"name", process.name}, {"command", process.command}};
  if (!process.directory.empty()) json["directory"] = process.directory;
  if (!process.env.empty()) json["env"] = process.env;
  if (!process.user.empty()) json["user"] = process.user;
  if (process.stop_sequence != stacks::StopSequence::Default()) {
    json["stop_sequence"] = process.stop_sequence.ToString();
  }
  if (process.cpu) json["cpu"] = *process.cpu;
  if (process.memory) json["memory"] = *process.memory;
  if (process.nofile) json["nofile"] = *process.nofile;
  json["instances"] = process.instances;
  return json;
}

std::unique_ptr<api::Redactor> MakeRedactor() {
  absl::StatusOr<std::unique_ptr<api::Redactor>> redactor =
      api::Redactor::Create(api::DefaultSecretNames());
  CHECK_OK(redactor);  // The names are constants.
  return *std::move(redactor);
}

}  // namespace

absl::Status InvalidAt(std::string_view file, int line,
                       std::string_view reason) {
  return absl::InvalidArgumentError(
      absl::StrCat(ShownKey(file), ":", line, ": ", reason));
}

void Notes::Dropped(const Origin& origin, std::string_view message) {
  Add(ImportNoteKind::kDropped, origin, message);
}

void Notes::Changed(const Origin& origin, std::string_view message) {
  Add(ImportNoteKind::kChanged, origin, message);
}

void Notes::Secret(const Origin& origin, std::string_view message) {
  Add(ImportNoteKind::kSecret, origin, message);
}

void Notes::Add(ImportNoteKind kind, const Origin& origin,
                std::string_view message) {
  ImportNote note = {.kind = kind,
                     .file = ShownKey(origin.file),
                     .line = origin.line,
                     .key = ShownKey(origin.key),
                     .message = std::string(message)};
  const std::string identity = absl::StrCat(note.file, "\n", note.line, "\n",
                                            note.key, "\n", note.message);
  if (seen_.insert(identity).second) notes_.push_back(std::move(note));
}

std::vector<ImportNote> Notes::Take() {
  std::stable_sort(notes_.begin(), notes_.end(),
                   [](const ImportNote& a, const ImportNote& b) {
                     return std::tie(a.file, a.line) < std::tie(b.file, b.line);
                   });
  seen_.clear();
  return std::exchange(notes_, {});
}

ProcessDraft::ProcessDraft(std::string name, std::string base_directory,
                           const api::Redactor* redactor, Notes* notes)
    : base_directory_(std::move(base_directory)),
      redactor_(redactor),
      notes_(notes) {
  process_.name = std::move(name);
}

bool ProcessDraft::Accepts(const Origin& origin,
                           const ProcessDefinition& probe) {
  stacks::StackDefinition stack = {.name = std::string(kProbe),
                                   .processes = {probe}};
  stack.processes[0].name = kProbe;
  if (probe.command.empty()) stack.processes[0].command = kProbe;
  const absl::Status valid = stacks::Validate(stack);
  if (valid.ok()) return true;
  std::string_view message = valid.message();
  absl::ConsumePrefix(&message,
                      absl::StrCat("process ", base::Quote(kProbe), ": "));
  notes_->Dropped(origin,
                  absl::StrCat("the server refuses the value: ", message));
  return false;
}

void ProcessDraft::SetCommand(const Origin& origin, std::string command) {
  ProcessDefinition probe;
  probe.command = std::move(command);
  if (stacks::ValidateCommand(probe.command).ok()) {
    NoteSecret(origin, "", probe.command);
    process_.command = std::move(probe.command);
    return;
  }
  notes_->Dropped(
      origin, absl::StrCat("the server refuses the ",
                           stacks::ValidateCommand(probe.command).message()));
}

void ProcessDraft::SetDirectory(const Origin& origin,
                                std::string_view directory) {
  ProcessDefinition probe;
  while (absl::ConsumePrefix(&directory, "./")) {
  }
  if (directory == ".") directory = "";
  if (directory.starts_with('/')) {
    probe.directory = directory;
  } else if (directory.starts_with('~')) {
    notes_->Dropped(origin,
                    "~ has no meaning here; give the whole path as "
                    "directory");
    return;
  } else if (!base_directory_.starts_with('/')) {
    notes_->Dropped(origin,
                    "the path is relative; give the absolute one as "
                    "directory");
    return;
  } else {
    probe.directory =
        directory.empty()
            ? base_directory_
            : absl::StrCat(absl::StripSuffix(base_directory_, "/"), "/",
                           directory);
  }
  if (Accepts(origin, probe)) process_.directory = std::move(probe.directory);
}

void ProcessDraft::SetUser(const Origin& origin, std::string_view user) {
  const size_t colon = user.find(':');
  const std::string_view name = user.substr(0, colon);
  if (colon != std::string_view::npos) {
    notes_->Changed(origin,
                    "the group is left out: a process has the groups "
                    "that its user has in the system");
  }
  if (!name.empty() &&
      std::all_of(name.begin(), name.end(), absl::ascii_isdigit)) {
    notes_->Dropped(origin,
                    "a number is not the name of a user; give its name "
                    "as user");
    return;
  }
  ProcessDefinition probe;
  probe.user = name;
  if (Accepts(origin, probe)) process_.user = std::move(probe.user);
}

void ProcessDraft::NoteSecret(const Origin& origin, std::string_view name,
                              std::string_view value) {
  if (value.empty()) return;
  if (redactor_->IsSecretName(name) || redactor_->Text(value) != value) {
    notes_->Secret(origin,
                   "looks like a secret and is carried over in clear: "
                   "protect the file, or move it to a place that the "
                   "program reads");
  }
}

void ProcessDraft::SetVariable(const Origin& origin, std::string_view name,
                               std::string_view value) {
  ProcessDefinition probe;
  probe.env[std::string(name)] = value;
  if (!Accepts(origin, probe)) return;
  const auto old = process_.env.find(std::string(name));
  size_t bytes = environment_bytes_ + value.size();
  bytes = old == process_.env.end() ? bytes + name.size() + 2
                                    : bytes - old->second.size();
  if (bytes > stacks::kMaxEnvironmentBytes) {
    notes_->Dropped(origin, absl::StrCat("the variables of a process have more "
                                         "than ",
                                         stacks::kMaxEnvironmentBytes,
                                         " bytes; put them into a file that "
                                         "the program reads"));
    return;
  }
  environment_bytes_ = bytes;
  process_.env.insert_or_assign(std::string(name), std::string(value));
  NoteSecret(origin, name, value);
}

void ProcessDraft::SetComputedVariable(const Origin& origin,
                                       std::string_view name,
                                       std::string_view word) {
  ProcessDefinition probe;
  probe.env[std::string(name)] = "";
  if (!Accepts(origin, probe)) return;
  computed_.push_back(absl::StrCat(name, "=", word));
  notes_->Changed(origin,
                  "the value differs by instance, so the command sets "
                  "it");
}

void ProcessDraft::SetInstances(const Origin& origin, int64_t instances) {
  process_.instances = std::clamp<int64_t>(instances, 0, stacks::kMaxInstances);
  if (process_.instances != instances) {
    notes_->Changed(origin, absl::StrCat("the number has to be from 0 to ",
                                         stacks::kMaxInstances, " and is now ",
                                         process_.instances));
  }
}

void ProcessDraft::SetNofile(const Origin& origin, int64_t nofile) {
  process_.nofile =
      std::clamp<int64_t>(nofile, stacks::kMinOpenFiles, stacks::kMaxOpenFiles);
  if (*process_.nofile != nofile) {
    notes_->Changed(
        origin,
        absl::StrCat("nofile has to be from ", stacks::kMinOpenFiles, " to ",
                     stacks::kMaxOpenFiles, " and is now ", *process_.nofile));
  }
}

void ProcessDraft::SetMemory(const Origin& origin, int64_t memory) {
  ProcessDefinition probe;
  probe.memory = memory;
  if (Accepts(origin, probe)) process_.memory = memory;
}

void ProcessDraft::SetCpu(const Origin& origin, int64_t cpu) {
  ProcessDefinition probe;
  probe.cpu = cpu;
  if (Accepts(origin, probe)) process_.cpu = cpu;
}

void ProcessDraft::SetStopSignal(const Origin& origin,
                                 std::string_view signal) {
  std::string name(signal);
  int number = 0;
  if (absl::SimpleAtoi(signal, &number)) {
    for (const stacks::Signal& known : stacks::AllSignals()) {
      if (known.number == number) name = known.name;
    }
  }
  const absl::StatusOr<stacks::StopSequence> sequence =
      name.find(',') == std::string::npos ? stacks::StopSequence::Parse(name)
                                          : absl::InvalidArgumentError("list");
  if (!sequence.ok()) {
    notes_->Dropped(origin,
                    absl::StrCat("there is no signal ", base::Quote(signal),
                                 " here; set stop_sequence by hand"));
    return;
  }
  const absl::Duration wait = process_.stop_sequence.steps.front().wait;
  process_.stop_sequence = *sequence;
  if (process_.stop_sequence.steps.size() > 1) {
    process_.stop_sequence.steps.front().wait = wait;
  }
}

void ProcessDraft::SetStopWait(const Origin& origin, absl::Duration wait) {
  const absl::Duration allowed =
      std::clamp(wait, absl::ZeroDuration(), stacks::kMaxStopWait);
  if (allowed != wait) {
    notes_->Changed(
        origin,
        absl::StrCat("a step of the stop sequence waits ",
                     absl::ToInt64Seconds(stacks::kMaxStopWait), " s at most"));
  }
  // Nothing follows "kill".
  if (process_.stop_sequence.steps.size() > 1) {
    process_.stop_sequence.steps.front().wait = allowed;
  }
}

bool ProcessDraft::HasVariable(std::string_view name) const {
  return process_.env.contains(std::string(name));
}

ProcessDefinition ProcessDraft::Finish() const {
  ProcessDefinition process = process_;
  if (!computed_.empty()) {
    process.command = absl::StrCat("export ", absl::StrJoin(computed_, " "),
                                   "; ", process.command);
  }
  return process;
}

StackDraft::StackDraft(const ImportOptions& options)
    : options_(options), redactor_(MakeRedactor()) {}

ProcessDraft* StackDraft::AddProcess(const Origin& origin,
                                     std::string_view name) {
  if (processes_.size() == stacks::kMaxProcesses) {
    notes_.Dropped(origin,
                   absl::StrCat("a stack has at most ", stacks::kMaxProcesses,
                                " processes; import the others as "
                                "another stack"));
    return nullptr;
  }
  std::string valid = ValidName(name);
  for (int i = 2; names_.contains(valid); ++i) {
    const std::string suffix = absl::StrCat("-", i);
    valid = absl::StrCat(
        ValidName(name).substr(0, stacks::kMaxNameBytes - suffix.size()),
        suffix);
  }
  if (valid != name) {
    notes_.Changed(
        origin, absl::StrCat("the process is now called ", base::Quote(valid)));
  }
  names_.insert(valid);
  return &processes_.emplace_back(std::move(valid), options_.base_directory,
                                  redactor_.get(), &notes_);
}

absl::StatusOr<ImportResult> StackDraft::Finish(std::string_view default_name) {
  stacks::StackDefinition stack = {.name = options_.stack_name.empty()
                                               ? ValidLabel(default_name)
                                               : options_.stack_name,
                                   .environment = options_.environment};
  for (const ProcessDraft& process : processes_) {
    if (process.has_command()) stack.processes.push_back(process.Finish());
  }
  std::vector<ImportNote> notes = notes_.Take();
  if (stack.processes.empty()) {
    if (notes.empty()) {
      return absl::InvalidArgumentError("there is no process to carry over");
    }
    return absl::InvalidArgumentError(
        absl::StrCat("there is no process to carry over; the first reason is ",
                     notes[0].file, ":", notes[0].line, ": ", notes[0].key,
                     ": ", notes[0].message));
  }
  if (absl::Status valid = stacks::Validate(stack); !valid.ok()) return valid;

  Json json = {{"name", stack.name}};
  if (!stack.environment.empty()) json["environment"] = stack.environment;
  Json& processes = json["processes"] = Json::array();
  for (const ProcessDefinition& process : stack.processes) {
    processes.push_back(ProcessJson(process));
  }
  return ImportResult{.definition = std::move(json), .notes = std::move(notes)};
}

std::string_view BaseName(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view Stem(std::string_view path) {
  const std::string_view name = BaseName(path);
  const size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? name : name.substr(0, dot);
}

}  // namespace tallyman::tally
