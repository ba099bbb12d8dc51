#include "tally/import/supervisord.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/base/text.h"
#include "tally/import/draft.h"
#include "tally/import/reasons.h"
#include "tally/import/shell_words.h"
#include "tally/import/supervisord_expand.h"
#include "tally/import/supervisord_file.h"

namespace tallyman::tally {
namespace {

constexpr KeyReason kProgramReasons[] = {
    {"exitcodes", kRestartReason},
    {"loglevel", kOutputReason},
    {"priority", kOrderReason},
    {"redirect_stderr",
     "Tallyman keeps both outputs, and says of each line which one it is"},
    {"serverurl", "the key is for supervisord's own interface"},
    {"startretries", kRetryReason},
    {"startsecs", kRetryReason},
    {"stderr_*", kOutputReason},
    {"stdout_*", kOutputReason},
    {"umask", kUmaskReason},
};

constexpr KeyReason kSectionReasons[] = {
    {"eventlistener:*",
     "programs that listen to supervisord's events have none here; use "
     "webhooks or tally events"},
    {"fcgi-program:*",
     "Tallyman opens no socket for a program; let the program open its own"},
    {"include", "give the files that it names to the import as well"},
    {"inet_http_server", "the section is for supervisord's own interface"},
    {"rpcinterface:*", "the section is for supervisord's own interface"},
    {"ctlplugin:*", "the section is for supervisord's own interface"},
    {"supervisorctl", "the section is for supervisord's own client"},
    {"supervisord", "the key is for supervisord itself"},
    {"unix_http_server", "the section is for supervisord's own interface"},
};

constexpr int64_t kMaxStart = 1'000'000;

std::optional<bool> ParseBool(std::string_view text) {
  for (const std::string_view yes : {"true", "yes", "on", "1", "t", "y"}) {
    if (absl::EqualsIgnoreCase(text, yes)) return true;
  }
  for (const std::string_view no : {"false", "no", "off", "0", "f", "n"}) {
    if (absl::EqualsIgnoreCase(text, no)) return false;
  }
  return std::nullopt;
}

class SupervisordReader {
 public:
  explicit SupervisordReader(const ImportOptions& options)
      : draft_(options), notes_(draft_.notes()) {}

  absl::StatusOr<ImportResult> Read(absl::Span<const ImportFile> files) {
    for (const ImportFile& file : files) {
      absl::Status read = ReadSections(file, notes_, sections_);
      if (!read.ok()) return read;
    }
    for (const IniSection& section : sections_) {
      if (section.name.starts_with("group:")) groups_.push_back(&section);
      if (section.name == "supervisord") supervisord_ = &section;
    }
    size_t programs = 0;
    for (const IniSection& section : sections_) {
      if (section.name.starts_with("program:")) {
        ++programs;
        ReadProgram(section);
      } else if (section.name.starts_with("group:")) {
        ReadGroup(section);
      } else if (section.name == "supervisord") {
        ReadSupervisord(section);
      } else {
        DropSection(section);
      }
    }
    if (programs == 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          base::Quote(files[0].name), " has no section [program:NAME]"));
    }
    std::string_view name = Stem(files[0].name);
    if (groups_.size() == 1) name = GroupName(*groups_[0]);
    return draft_.Finish(name);
  }

 private:
  static std::string_view GroupName(const IniSection& group) {
    return absl::StripPrefix(group.name, "group:");
  }

  void DropSection(const IniSection& section) {
    std::string_view reason = ReasonFor(kSectionReasons, section.name);
    if (reason == kUnknownKey) reason = "supervisord has no such section";
    notes_.Dropped(section.origin, reason);
    for (const IniEntry& entry : section.entries) {
      notes_.Dropped(entry.origin,
                     absl::StrCat("it is a part of ", base::Quote(section.name),
                                  ", which is not carried over"));
    }
  }

  void ReadGroup(const IniSection& group) {
    if (groups_.size() > 1) {
      notes_.Changed(group.origin,
                     "all programs are in one stack; import the groups one by "
                     "one for several stacks");
    }
    for (const IniEntry& entry : group.entries) {
      if (entry.origin.key != "programs") {
        notes_.Dropped(entry.origin,
                       ReasonFor(kProgramReasons, entry.origin.key));
        continue;
      }
      for (std::string_view name : absl::StrSplit(entry.value, ',')) {
        name = absl::StripAsciiWhitespace(name);
        if (!name.empty() && FindProgram(name) == nullptr) {
          notes_.Dropped(entry.origin, absl::StrCat("there is no program ",
                                                    base::Quote(name)));
        }
      }
    }
  }

  const IniSection* FindProgram(std::string_view name) const {
    for (const IniSection& section : sections_) {
      if (absl::StripPrefix(section.name, "program:") == name &&
          section.name.size() > name.size()) {
        return &section;
      }
    }
    return nullptr;
  }

  // Keys that programs inherit are read with each program.
  void ReadSupervisord(const IniSection& section) {
    for (const IniEntry& entry : section.entries) {
      const std::string_view key = entry.origin.key;
      if (key == "environment" || key == "user" || key == "directory" ||
          key == "minfds") {
        continue;
      }
      notes_.Dropped(entry.origin,
                     key == "umask" ? kUmaskReason
                                    : ReasonFor(kSectionReasons, section.name));
    }
  }

  std::string GroupOf(std::string_view program) const {
    for (const IniSection* group : groups_) {
      const IniEntry* programs = group->Find("programs");
      if (programs == nullptr) continue;
      for (const std::string_view name : absl::StrSplit(programs->value, ',')) {
        if (absl::StripAsciiWhitespace(name) == program) {
          return std::string(GroupName(*group));
        }
      }
    }
    return std::string(program);
  }

  int64_t IntegerOf(const IniSection& section, std::string_view key,
                    int64_t otherwise) {
    const IniEntry* entry = section.Find(key);
    if (entry == nullptr) return otherwise;
    int64_t number = 0;
    if (absl::SimpleAtoi(entry->value, &number)) return number;
    notes_.Dropped(entry->origin, absl::StrCat("the value is no number; ",
                                               otherwise, " is taken"));
    return otherwise;
  }

  void ReadProgram(const IniSection& section) {
    const std::string_view name = absl::StripPrefix(section.name, "program:");
    ProcessDraft* process = draft_.AddProcess(section.origin, name);
    if (process == nullptr) return;
    numprocs_ = IntegerOf(section, "numprocs", 1);
    expand_ = {.program = std::string(name),
               .group = GroupOf(name),
               .here = HereOf(section.origin.file),
               .variables = &draft_.options().variables,
               .is_numbered = numprocs_ > 1,
               .first_number = std::clamp<int64_t>(
                   IntegerOf(section, "numprocs_start", 0), 0, kMaxStart)};
    if (section.Find("command") == nullptr) {
      notes_.Dropped(section.origin, "the program has no command");
    }
    process->SetInstances(section.origin, numprocs_);
    if (supervisord_ != nullptr) {
      for (const std::string_view key :
           {"directory", "user", "minfds", "environment"}) {
        const IniEntry* entry = supervisord_->Find(key);
        if (entry != nullptr) ReadKey(*entry, section, *process);
      }
    }
    for (const IniEntry& entry : section.entries) {
      ReadKey(entry, section, *process);
    }
    if (const IniEntry* start = section.Find("autostart");
        start != nullptr && ParseBool(start->value) == false) {
      process->SetInstances(start->origin, 0);
      notes_.Changed(start->origin,
                     absl::StrCat("the process begins with 0 instances; start "
                                  "it with tally scale ",
                                  process->name(), "=", numprocs_));
    }
  }

  // The folder of the file, if it is known.
  std::string HereOf(std::string_view file) const {
    if (file.starts_with('/')) {
      const std::string_view folder =
          file.substr(0, file.size() - BaseName(file).size());
      return folder == "/" ? "/" : std::string(absl::StripSuffix(folder, "/"));
    }
    return draft_.options().base_directory;
  }

  // Expands a value that sh does not see. nullopt, with a note, if the value
  // differs by instance or is not known.
  std::optional<std::string> Plain(const IniEntry& entry) {
    absl::StatusOr<std::string> value = Expand(entry.value, expand_);
    if (!value.ok()) {
      notes_.Dropped(entry.origin, value.status().message());
      return std::nullopt;
    }
    if (HasMarks(*value)) {
      notes_.Dropped(entry.origin,
                     "the value is known only when an instance starts; set it "
                     "in the command");
      return std::nullopt;
    }
    return *std::move(value);
  }

  void ReadKey(const IniEntry& entry, const IniSection& section,
               ProcessDraft& process) {
    const std::string_view key = entry.origin.key;
    if (key == "numprocs" || key == "numprocs_start" || key == "autostart") {
      return CheckKey(entry);
    }
    if (key == "command") return ReadCommand(entry, process);
    if (key == "environment") return ReadEnvironment(entry, process);
    if (key == "autorestart") return ReadRestart(entry);
    if (key == "stopasgroup" || key == "killasgroup") {
      return CheckStopGroup(entry);
    }
    if (key == "minfds") {
      // Of [supervisord]; in a program it is unknown.
      if (section.Find(key) == &entry) {
        return notes_.Dropped(entry.origin, kUnknownKey);
      }
      return ReadMinfds(entry, process);
    }
    if (key == "process_name") return CheckName(entry);
    const std::string_view reason = ReasonFor(kProgramReasons, key);
    if (reason != kUnknownKey) return notes_.Dropped(entry.origin, reason);
    const std::optional<std::string> value = Plain(entry);
    if (!value) return;
    if (key == "directory") {
      process.SetDirectory(entry.origin, *value);
    } else if (key == "user") {
      process.SetUser(entry.origin, *value);
    } else if (key == "stopsignal") {
      process.SetStopSignal(entry.origin, *value);
    } else if (key == "stopwaitsecs") {
      ReadStopWait(entry, *value, process);
    } else {
      notes_.Dropped(entry.origin, kUnknownKey);
    }
  }

  void CheckName(const IniEntry& entry) {
    if (entry.value == "%(program_name)s") return;
    notes_.Changed(entry.origin,
                   "instances have numbers from 1 on in place of names");
  }

  void CheckKey(const IniEntry& entry) {
    if (entry.origin.key == "autostart" && !ParseBool(entry.value)) {
      notes_.Dropped(entry.origin, "the value is neither true nor false");
    }
    if (entry.origin.key == "numprocs_start" && numprocs_ > 1) {
      notes_.Changed(entry.origin,
                     "instances are numbered from 1; %(process_num) is "
                     "computed from that number");
    }
  }

  void ReadMinfds(const IniEntry& entry, ProcessDraft& process) {
    int64_t number = 0;
    if (!absl::SimpleAtoi(entry.value, &number)) {
      return notes_.Dropped(entry.origin, "the value is no number");
    }
    process.SetNofile(entry.origin, number);
  }

  void ReadStopWait(const IniEntry& entry, std::string_view value,
                    ProcessDraft& process) {
    int64_t seconds = 0;
    if (!absl::SimpleAtoi(value, &seconds)) {
      return notes_.Dropped(entry.origin, "the value is no number");
    }
    process.SetStopWait(entry.origin, absl::Seconds(seconds));
  }

  void ReadRestart(const IniEntry& entry) {
    if (ParseBool(entry.value) == true) return;
    if (!absl::EqualsIgnoreCase(entry.value, "unexpected") &&
        !ParseBool(entry.value)) {
      return notes_.Dropped(entry.origin, kRetryReason);
    }
    notes_.Changed(entry.origin, kRestartReason);
  }

  void CheckStopGroup(const IniEntry& entry) {
    if (ParseBool(entry.value) == true) return;
    notes_.Changed(entry.origin,
                   "a stop always reaches all processes of an instance");
  }

  void ReadCommand(const IniEntry& entry, ProcessDraft& process) {
    absl::StatusOr<std::string> text = Expand(entry.value, expand_);
    if (!text.ok()) {
      return notes_.Dropped(entry.origin, text.status().message());
    }
    absl::StatusOr<std::vector<std::string>> words = SplitWords(*text);
    if (!words.ok()) {
      return notes_.Dropped(entry.origin, words.status().message());
    }
    if (!expand_.missing.empty()) {
      notes_.Changed(entry.origin,
                     absl::StrCat("the variable ", base::Quote(expand_.missing),
                                  " of supervisord's environment is not known; "
                                  "set it as a variable of the process"));
      expand_.missing.clear();
    }
    process.SetCommand(entry.origin, JoinWords(*words));
  }

  void ReadEnvironment(const IniEntry& entry, ProcessDraft& process) {
    for (const IniVariable& variable :
         ParseEnvironment(entry.origin, entry.value, notes_)) {
      Origin origin = entry.origin;
      origin.line = variable.line;
      absl::StrAppend(&origin.key, ".", variable.name);
      const absl::StatusOr<std::string> value = Expand(variable.value, expand_);
      if (!value.ok()) {
        notes_.Dropped(origin, value.status().message());
      } else if (!expand_.missing.empty()) {
        notes_.Dropped(
            origin, absl::StrCat("the variable ", base::Quote(expand_.missing),
                                 " of supervisord's environment is not "
                                 "known; give its value"));
        expand_.missing.clear();
      } else if (HasMarks(*value)) {
        process.SetComputedVariable(origin, variable.name, QuoteWord(*value));
      } else {
        process.SetVariable(origin, variable.name, *value);
      }
    }
  }

  StackDraft draft_;
  Notes& notes_;
  std::vector<IniSection> sections_;
  std::vector<const IniSection*> groups_;
  const IniSection* supervisord_ = nullptr;
  // Of the program that is being read.
  int64_t numprocs_ = 1;
  Expansions expand_;
};

}  // namespace

absl::StatusOr<ImportResult> ImportSupervisord(
    absl::Span<const ImportFile> files, const ImportOptions& options) {
  return SupervisordReader(options).Read(files);
}

}  // namespace tallyman::tally
