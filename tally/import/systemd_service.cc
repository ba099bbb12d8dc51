#include "tally/import/systemd_service.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "tally/import/draft.h"
#include "tally/import/env_file.h"
#include "tally/import/reasons.h"
#include "tally/import/shell_words.h"
#include "tally/import/systemd_exec.h"
#include "tally/import/systemd_file.h"
#include "tally/import/systemd_specifier.h"
#include "tally/import/units.h"

namespace tallyman::tally {
namespace {

// DefaultTimeoutStopSec= of systemd-system.conf(5).
constexpr absl::Duration kStopWait = absl::Seconds(90);

constexpr std::string_view kTextReason = "a process has no description";
constexpr std::string_view kConditionReason =
    "a process starts without conditions; let the program check them";
constexpr std::string_view kLimitReason =
    "only LimitNOFILE, LimitCPU and LimitAS are carried over; set the limit by "
    "ulimit in the command";
constexpr std::string_view kCgroupReason =
    "Tallyman does not share out the machine among processes";
constexpr std::string_view kFolderReason =
    "Tallyman makes no folders; make it, for the user of the process, before "
    "the start";
constexpr std::string_view kSchedulingReason =
    "set it by nice, ionice, chrt or taskset in the command";

constexpr KeyReason kReasons[] = {
    {"After", kOrderReason},
    {"Alias", "a process has one name"},
    {"AllowIsolate", kOrderReason},
    {"Also", "give the files of the other units as well"},
    {"Ambient*", kPrivilegeReason},
    {"Assert*", kConditionReason},
    {"Before", kOrderReason},
    {"BindsTo", kOrderReason},
    {"BusName", "an instance counts as running once its program is executed"},
    {"CPU*", kCgroupReason},
    {"CacheDirectory*", kFolderReason},
    {"Capability*", kPrivilegeReason},
    {"Condition*", kConditionReason},
    {"ConfigurationDirectory*", kFolderReason},
    {"Conflicts", kOrderReason},
    {"DefaultDependencies", kOrderReason},
    {"Delegate*", kCgroupReason},
    {"Description", kTextReason},
    {"Device*", kPrivilegeReason},
    {"Documentation", kTextReason},
    {"DynamicUser", "Tallyman makes no users; make one and set user"},
    {"ExecCondition", kConditionReason},
    {"ExecReload", "send the signal through the API"},
    {"ExecStartPost", kHookReason},
    {"ExecStartPre", kHookReason},
    {"ExecStop", "Tallyman stops by signals; set stop_sequence"},
    {"ExecStopPost", kHookReason},
    {"FinalKillSignal", "the last signal is always KILL"},
    {"Group", kGroupReason},
    {"IO*", kCgroupReason},
    {"IP*", kPrivilegeReason},
    {"Inaccessible*", kPrivilegeReason},
    {"JobTimeout*", kRetryReason},
    {"Keyring*", kPrivilegeReason},
    {"KillMode", "a stop always reaches all processes of an instance"},
    {"Limit*", kLimitReason},
    {"LoadCredential*", "let the program read a file of its user"},
    {"LockPersonality", kPrivilegeReason},
    {"Log*", kOutputReason},
    {"Memory*", kMemoryReason},
    {"MemoryDenyWriteExecute", kPrivilegeReason},
    {"NonBlocking", "no sockets are handed to a process"},
    {"Nice", kSchedulingReason},
    {"NoNewPrivileges", kPrivilegeReason},
    {"NotifyAccess",
     "an instance counts as running once its program is executed"},
    {"OOM*", "Tallyman leaves the choice of the OOM killer to the system"},
    {"OnFailure", "use a webhook for failures"},
    {"OnSuccess", "use a webhook for ends"},
    {"PAMName", "a process gets no PAM session"},
    {"PIDFile", "the program has to stay in the foreground"},
    {"PartOf", kOrderReason},
    {"PassEnvironment",
     "an instance has only the variables of its definition; set it there"},
    {"Private*", kPrivilegeReason},
    {"Proc*", kPrivilegeReason},
    {"PropagatesReloadTo", kOrderReason},
    {"Protect*", kPrivilegeReason},
    {"ReadOnly*", kPrivilegeReason},
    {"ReadWrite*", kPrivilegeReason},
    {"RefuseManual*", "processes are started and stopped by scaling"},
    {"RemainAfterExit", kRestartReason},
    {"RemoveIPC", kPrivilegeReason},
    {"RequiredBy", "the process starts with its stack"},
    {"Requires*", kOrderReason},
    {"Requisite", kOrderReason},
    {"RestartForceExitStatus", kRestartReason},
    {"RestartPreventExitStatus", kRestartReason},
    {"Restart*", kRetryReason},
    {"Restrict*", kPrivilegeReason},
    {"Root*", kPrivilegeReason},
    {"RuntimeDirectory*", kFolderReason},
    {"RuntimeMaxSec", "Tallyman has no times for restarts"},
    {"SELinux*", kPrivilegeReason},
    {"SecureBits", kPrivilegeReason},
    {"SendSIG*", "the stop sequence decides the signals; its last is KILL"},
    {"Slice", kCgroupReason},
    {"Sockets", "no sockets are handed to a process"},
    {"Standard*", kOutputReason},
    {"StartLimit*", kRetryReason},
    {"StateDirectory*", kFolderReason},
    {"StopWhenUnneeded", "processes are started and stopped by scaling"},
    {"Success*", kRestartReason},
    {"SupplementaryGroups", kGroupReason},
    {"Syslog*", kOutputReason},
    {"SystemCall*", kPrivilegeReason},
    {"TTY*", "an instance has no terminal"},
    {"TasksMax", "Tallyman limits no number of processes"},
    {"TemporaryFileSystem", kPrivilegeReason},
    {"TimeoutAbortSec", "the stop sequence decides the waits"},
    {"TimeoutStartSec",
     "an instance counts as running once its program is executed"},
    {"UMask", kUmaskReason},
    {"UnsetEnvironment", "leave the variable out of the definition"},
    {"Upholds", kOrderReason},
    {"WantedBy", "the process starts with its stack"},
    {"Wants", kOrderReason},
    {"Watchdog*", kHealthReason},
    {"IgnoreSIGPIPE", "put trap '' PIPE before the program, in the command"},
    {"X-*", "the key is an extension, which systemd ignores as well"},
};

class ServiceReader {
 public:
  ServiceReader(const SystemdService& service, std::set<std::string>& used,
                Notes& notes, ProcessDraft& process)
      : service_(service), used_(used), notes_(notes), process_(process) {}

  void Read() {
    process_.SetStopWait(service_.origin, kStopWait);
    // Files of variables win over Environment=, and are read behind it.
    for (const UnitEntry& entry : service_.entries) {
      if (entry.section == "Service") {
        ReadEntry(entry);
      } else if (entry.origin.key != "DefaultInstance") {
        notes_.Dropped(entry.origin, ServiceReason(entry.origin.key));
      }
    }
    for (const UnitEntry* entry : environments_) ReadEnvironment(*entry);
    for (const UnitEntry* entry : env_files_) ReadEnvFile(*entry);
    // The stop wait goes behind the signal, which may be KILL.
    if (const UnitEntry* signal = Last("KillSignal")) {
      process_.SetStopSignal(signal->origin, signal->value);
    }
    if (const UnitEntry* wait = Last("TimeoutStopSec")) ReadStopWait(*wait);
    if (const UnitEntry* type = Last("Type")) ReadType(*type);
    if (const UnitEntry* user = Last("User")) {
      const std::optional<std::string> name = Plain(*user);
      if (name) process_.SetUser(user->origin, *name);
    }
    if (const UnitEntry* folder = Last("WorkingDirectory")) {
      const std::optional<std::string> path = Plain(*folder);
      if (path) {
        process_.SetDirectory(folder->origin, absl::StripPrefix(*path, "-"));
      }
    }
    for (const std::string_view key : {"LimitNOFILE", "LimitCPU", "LimitAS"}) {
      if (const UnitEntry* limit = Last(key)) ReadLimit(*limit);
    }
    ReadCommand();
    ReadRestart();
  }

 private:
  void ReadEntry(const UnitEntry& entry) {
    const std::string& key = entry.origin.key;
    if (key == "ExecStart") return Assign(entry, commands_);
    if (key == "Environment") return Assign(entry, environments_);
    if (key == "EnvironmentFile") return Assign(entry, env_files_);
    for (const std::string_view single :
         {"KillSignal", "LimitAS", "LimitCPU", "LimitNOFILE", "Restart",
          "TimeoutStopSec", "Type", "User", "WorkingDirectory"}) {
      if (key == single) last_[key] = &entry;
    }
    if (key == "TimeoutSec") last_["TimeoutStopSec"] = &entry;
    if (last_.contains(key) || key == "TimeoutSec" || entry.value.empty()) {
      return;
    }
    notes_.Dropped(entry.origin, ServiceReason(key));
  }

  // The entry that holds for a key with one value; null if there is none.
  const UnitEntry* Last(std::string_view key) const {
    const auto found = last_.find(std::string(key));
    return found == last_.end() || found->second->value.empty() ? nullptr
                                                                : found->second;
  }

  void ReadRestart() {
    const UnitEntry* restart = Last("Restart");
    if (restart == nullptr) {
      if (!process_.has_command()) return;
      notes_.Changed(service_.origin,
                     absl::StrCat("without Restart= systemd lets it end; here ",
                                  kRestartReason));
    } else if (restart->value != "always") {
      notes_.Changed(restart->origin, kRestartReason);
    }
  }

  // An empty value takes back what was set before.
  static void Assign(const UnitEntry& entry,
                     std::vector<const UnitEntry*>& list) {
    if (entry.value.empty()) {
      list.clear();
    } else {
      list.push_back(&entry);
    }
  }

  absl::StatusOr<std::string> Expand(std::string_view text) const {
    return ExpandSpecifiers(text, service_.unit, service_.instance_script);
  }

  // The value with its specifiers. nullopt, with a note, if it has an unknown
  // one or differs by instance.
  std::optional<std::string> Plain(const UnitEntry& entry) {
    absl::StatusOr<std::string> text = Expand(entry.value);
    if (!text.ok()) {
      notes_.Dropped(entry.origin, text.status().message());
      return std::nullopt;
    }
    if (HasMarks(*text)) {
      notes_.Dropped(entry.origin,
                     "the value is known only when an instance starts; set it "
                     "in the command");
      return std::nullopt;
    }
    return *std::move(text);
  }

  void ReadType(const UnitEntry& entry) {
    if (entry.value == "simple" || entry.value == "exec" ||
        entry.value == "idle") {
      return;
    }
    if (entry.value == "forking") {
      return notes_.Changed(entry.origin,
                            "the program has to stay in the foreground; give "
                            "it the flag for that");
    }
    if (entry.value == "oneshot") {
      return notes_.Changed(entry.origin, kRestartReason);
    }
    notes_.Changed(entry.origin,
                   "an instance counts as running once its program is "
                   "executed");
  }

  void ReadLimit(const UnitEntry& entry) {
    const size_t colon = entry.value.find(':');
    const std::string_view soft =
        std::string_view(entry.value).substr(0, colon);
    if (soft == "infinity") {
      return notes_.Dropped(entry.origin,
                            "no limit is set, so that of the server holds");
    }
    std::optional<int64_t> number;
    if (entry.origin.key == "LimitCPU") {
      const std::optional<absl::Duration> time = ParseTimeSpan(soft);
      if (time && *time < absl::Hours(24 * 365 * 100)) {
        number = absl::ToInt64Seconds(*time);
      }
    } else {
      number = ParseByteSize(soft);
    }
    if (!number) {
      return notes_.Dropped(entry.origin, "the value is no limit");
    }
    if (colon != std::string::npos) {
      notes_.Changed(entry.origin, "the soft limit is also the hard one here");
    }
    if (entry.origin.key == "LimitNOFILE") {
      process_.SetNofile(entry.origin, *number);
    } else if (entry.origin.key == "LimitCPU") {
      process_.SetCpu(entry.origin, *number);
    } else {
      process_.SetMemory(entry.origin, *number);
    }
  }

  void ReadStopWait(const UnitEntry& entry) {
    const std::optional<absl::Duration> wait = ParseTimeSpan(entry.value);
    if (!wait) {
      return notes_.Dropped(entry.origin, "the value is no span of time");
    }
    // systemd.service(5): 0 is infinity.
    process_.SetStopWait(entry.origin, *wait == absl::ZeroDuration()
                                           ? absl::InfiniteDuration()
                                           : *wait);
  }

  void ReadEnvironment(const UnitEntry& entry) {
    absl::StatusOr<std::vector<UnitWord>> words = SplitUnitWords(entry.value);
    if (!words.ok()) {
      return notes_.Dropped(entry.origin, words.status().message());
    }
    for (const UnitWord& word : *words) {
      Origin origin = entry.origin;
      const size_t equals = word.text.find('=');
      if (equals == std::string::npos) {
        notes_.Dropped(origin, "a part is not NAME=value");
        continue;
      }
      const std::string name = word.text.substr(0, equals);
      absl::StrAppend(&origin.key, ".", name);
      absl::StatusOr<std::string> value =
          Expand(std::string_view(word.text).substr(equals + 1));
      if (!value.ok()) {
        notes_.Dropped(origin, value.status().message());
      } else if (HasMarks(*value)) {
        process_.SetComputedVariable(origin, name, QuoteWord(*value));
      } else {
        process_.SetVariable(origin, name, *value);
      }
    }
  }

  void ReadEnvFile(const UnitEntry& entry) {
    const std::optional<std::string> text = Plain(entry);
    if (!text) return;
    const ImportFile* file =
        FindFile(service_.env_files, absl::StripPrefix(*text, "-"));
    if (file == nullptr) {
      return notes_.Dropped(entry.origin,
                            "give the file to the import as well");
    }
    used_.insert(file->name);
    SetVariables(*file, /*has_comments=*/false, process_, notes_);
  }

  void ReadCommand() {
    if (commands_.empty()) {
      return notes_.Dropped(service_.origin, "the service has no ExecStart=");
    }
    for (size_t i = 1; i < commands_.size(); ++i) {
      notes_.Dropped(commands_[i]->origin,
                     "only the first of several commands is carried over; put "
                     "them into a script");
    }
    const UnitEntry& entry = *commands_[0];
    absl::StatusOr<std::string> command =
        ExecCommand(entry.origin, entry.value, service_.unit,
                    service_.instance_script, notes_);
    if (!command.ok()) {
      return notes_.Dropped(entry.origin, command.status().message());
    }
    process_.SetCommand(entry.origin, *std::move(command));
  }

  const SystemdService& service_;
  std::set<std::string>& used_;
  Notes& notes_;
  ProcessDraft& process_;
  std::vector<const UnitEntry*> commands_;
  std::vector<const UnitEntry*> environments_;
  std::vector<const UnitEntry*> env_files_;
  std::map<std::string, const UnitEntry*> last_;  // by key
};

}  // namespace

void ReadSystemdService(const SystemdService& service,
                        std::set<std::string>& used, Notes& notes,
                        ProcessDraft& process) {
  ServiceReader(service, used, notes, process).Read();
}

std::string_view ServiceReason(std::string_view key) {
  return ReasonFor(kReasons, key);
}

}  // namespace tallyman::tally
