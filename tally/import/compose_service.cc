#include "tally/import/compose_service.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/base/text.h"
#include "tally/import/compose_interpolate.h"
#include "tally/import/config_tree.h"
#include "tally/import/draft.h"
#include "tally/import/env_file.h"
#include "tally/import/reasons.h"
#include "tally/import/shell_words.h"
#include "tally/import/types.h"
#include "tally/import/units.h"

namespace tallyman::tally {
namespace {

constexpr std::string_view kNetworkReason =
    "programs open ports of the machine itself; set the port in the command or "
    "in a variable";
constexpr std::string_view kImageReason =
    "Tallyman runs programs of the machine, not images: install the program, "
    "and check that the command has all that the image adds to it";
constexpr std::string_view kVolumeReason =
    "programs see the machine's own folders; put the files where the command "
    "looks for them";
constexpr std::string_view kSecretReason =
    "let the program read a file that its user alone may read";
constexpr std::string_view kLabelReason = "processes have no labels";
constexpr std::string_view kTerminalReason =
    "an instance has no terminal and no input";

constexpr KeyReason kReasons[] = {
    {"annotations", kLabelReason},
    {"attach", kOutputReason},
    {"build", kImageReason},
    {"cap_*", kPrivilegeReason},
    {"cgroup*", kPrivilegeReason},
    {"configs", kVolumeReason},
    {"container_name", "instances have the name of their process and a number"},
    {"cpu*",
     "Tallyman does not share out processors; cpu of a process is "
     "another limit"},
    {"depends_on", kOrderReason},
    {"deploy.mode", "the process runs on the servers that it is scaled on"},
    {"deploy.labels", kLabelReason},
    {"deploy.placement",
     "the process runs on the servers that it is scaled on"},
    {"deploy.resources.limits.memory", kMemoryReason},
    {"deploy.resources.limits.pids", "Tallyman limits no number of processes"},
    {"deploy.resources.limits.cpus", "Tallyman does not share out processors"},
    {"deploy.resources.*", "Tallyman reserves nothing of the machine"},
    {"deploy.restart_policy", kRetryReason},
    {"deploy.*", "restarts and updates follow Tallyman's own rules"},
    {"develop", "the key is for work on the program"},
    {"device*", kPrivilegeReason},
    {"dns*", kNetworkReason},
    {"expose", kNetworkReason},
    {"extends",
     "the other service's keys are not carried over; give the output "
     "of docker compose config"},
    {"external_links", kNetworkReason},
    {"extra_hosts", "put the names into the machine's /etc/hosts"},
    {"group_add", kGroupReason},
    {"healthcheck", kHealthReason},
    {"hostname", kNetworkReason},
    {"image", kImageReason},
    {"init", "Tallyman ends all processes of an instance itself"},
    {"ipc", kPrivilegeReason},
    {"isolation", kPrivilegeReason},
    {"labels", kLabelReason},
    {"label_file", kLabelReason},
    {"links", kNetworkReason},
    {"logging", kOutputReason},
    {"mac_address", kNetworkReason},
    {"mem*", kMemoryReason},
    {"network*", kNetworkReason},
    {"oom*", "Tallyman leaves the choice of the OOM killer to the system"},
    {"pid", kPrivilegeReason},
    {"pids_limit", "Tallyman limits no number of processes"},
    {"platform", kImageReason},
    {"ports", kNetworkReason},
    {"post_start", kHookReason},
    {"pre_stop", kHookReason},
    {"privileged", kPrivilegeReason},
    {"pull_policy", kImageReason},
    {"read_only", kPrivilegeReason},
    {"runtime", kPrivilegeReason},
    {"secrets", kSecretReason},
    {"security_opt", kPrivilegeReason},
    {"shm_size", kVolumeReason},
    {"stdin_open", kTerminalReason},
    {"storage_opt", kPrivilegeReason},
    {"sysctls", "set the values with sysctl on the machine"},
    {"tmpfs", kVolumeReason},
    {"tty", kTerminalReason},
    {"ulimits.*", "only nofile, cpu and as of ulimits are carried over"},
    {"userns_mode", kPrivilegeReason},
    {"uts", kPrivilegeReason},
    {"volumes*", kVolumeReason},
    {"x-*", "the key is an extension, which Compose ignores as well"},
};

class ServiceReader {
 public:
  ServiceReader(std::string_view file, const ConfigMember& service,
                absl::Span<const ImportFile> env_files,
                std::set<std::string>& used, StackDraft& draft,
                ProcessDraft& process)
      : file_(file),
        service_(service),
        env_files_(env_files),
        used_(used),
        notes_(draft.notes()),
        options_(draft.options()),
        process_(process) {}

  void Read() {
    const ConfigValue& map = service_.value;
    process_.SetInstances(At(service_.line), 1);
    ReadCommand();
    // Variables of files first: those of `environment` win.
    if (const ConfigMember* files = map.Find("env_file")) {
      ReadEnvFiles(*files);
    }
    for (const ConfigMember& member : map.members) ReadMember(member);
    if (process_.has_command() && map.Find("restart") == nullptr &&
        map.Find("deploy") == nullptr) {
      notes_.Changed(At(service_.line),
                     absl::StrCat("without restart Compose lets it end; here ",
                                  kRestartReason));
    }
    // Behind `deploy`, whose number would win.
    if (const ConfigMember* profiles = map.Find("profiles")) {
      process_.SetInstances(At(*profiles), 0);
      notes_.Changed(At(*profiles),
                     "the process begins with 0 instances; scale it where it "
                     "is wanted");
    }
  }

 private:
  Origin At(int line, std::string_view key = "") const {
    Origin origin = {.file = std::string(file_),
                     .line = line,
                     .key = absl::StrCat("services.", service_.key)};
    if (!key.empty()) absl::StrAppend(&origin.key, ".", key);
    return origin;
  }
  Origin At(const ConfigMember& member, std::string_view prefix = "") const {
    return At(member.line, absl::StrCat(prefix, member.key));
  }

  // The scalar with its variables. nullopt, with a note, if it is none.
  std::optional<std::string> Text(const Origin& origin,
                                  const ConfigValue& value) {
    if (!value.is_scalar()) {
      notes_.Dropped(origin, "the value has to be a text or a number");
      return std::nullopt;
    }
    std::vector<std::string> missing;
    absl::StatusOr<std::string> text =
        Interpolate(value.scalar, options_.variables, missing);
    if (!text.ok()) {
      notes_.Dropped(origin, text.status().message());
      return std::nullopt;
    }
    for (const std::string& name : missing) {
      notes_.Changed(origin, absl::StrCat("the variable ", base::Quote(name),
                                          " is not set, and its place is left "
                                          "empty; set it for the import"));
    }
    return *std::move(text);
  }

  std::optional<int64_t> Integer(const Origin& origin,
                                 const ConfigValue& value) {
    const std::optional<std::string> text = Text(origin, value);
    if (!text) return std::nullopt;
    int64_t number = 0;
    if (absl::SimpleAtoi(*text, &number)) return number;
    notes_.Dropped(origin, "the value is no number");
    return std::nullopt;
  }

  // The words of `command` or `entrypoint`: a list, or a text that is split.
  bool Words(std::string_view key, std::vector<std::string>& words) {
    const ConfigMember* member = service_.value.Find(key);
    if (member == nullptr || member->value.is_null()) return true;
    const Origin origin = At(*member);
    if (member->value.is_list()) {
      for (const ConfigValue& item : member->value.items) {
        std::optional<std::string> word = Text(origin, item);
        if (!word) return false;
        words.push_back(*std::move(word));
      }
      return true;
    }
    const std::optional<std::string> text = Text(origin, member->value);
    if (!text) return false;
    absl::StatusOr<std::vector<std::string>> split = SplitWords(*text);
    if (!split.ok()) {
      notes_.Dropped(origin, split.status().message());
      return false;
    }
    words.insert(words.end(), split->begin(), split->end());
    return true;
  }

  void ReadCommand() {
    std::vector<std::string> words;
    if (!Words("entrypoint", words) || !Words("command", words)) return;
    if (!words.empty()) {
      return process_.SetCommand(At(service_.line), JoinWords(words));
    }
    notes_.Dropped(At(service_.line),
                   "the service has no command, since that of its image is not "
                   "known; set command in the compose file");
  }

  void ReadMember(const ConfigMember& member) {
    const std::string& key = member.key;
    const ConfigValue& value = member.value;
    if (key == "command" || key == "entrypoint" || key == "env_file" ||
        key == "profiles") {
      return;  // Read already, or below.
    }
    if (value.is_null()) return;
    const Origin origin = At(member);
    if (key == "environment") return ReadEnvironment(member);
    if (key == "restart") return ReadRestart(member);
    if (key == "deploy") return ReadDeploy(value, "deploy.");
    if (key == "ulimits") return ReadLimits(member);
    if (key == "scale") {
      if (const auto number = Integer(origin, value)) {
        process_.SetInstances(origin, *number);
      }
      return;
    }
    if (key == "working_dir" || key == "user" || key == "stop_signal" ||
        key == "stop_grace_period") {
      const std::optional<std::string> text = Text(origin, value);
      if (text) ReadText(origin, key, *text);
      return;
    }
    notes_.Dropped(origin, ReasonFor(kReasons, key));
  }

  void ReadText(const Origin& origin, std::string_view key,
                std::string_view text) {
    if (key == "working_dir") return process_.SetDirectory(origin, text);
    if (key == "user") return process_.SetUser(origin, text);
    if (key == "stop_signal") return process_.SetStopSignal(origin, text);
    const std::optional<absl::Duration> wait = ParseTimeSpan(text);
    if (!wait) return notes_.Dropped(origin, "the value is no span of time");
    process_.SetStopWait(origin, *wait);
  }

  void ReadRestart(const ConfigMember& member) {
    const std::optional<std::string> text = Text(At(member), member.value);
    if (!text || *text == "always" || *text == "unless-stopped") return;
    notes_.Changed(At(member), kRestartReason);
  }

  void ReadDeploy(const ConfigValue& value, const std::string& prefix) {
    for (const ConfigMember& member : value.members) {
      const Origin origin = At(member, prefix);
      const std::string path = absl::StrCat(prefix, member.key);
      if (path == "deploy.replicas") {
        if (const auto number = Integer(origin, member.value)) {
          process_.SetInstances(origin, *number);
        }
      } else if ((path == "deploy.resources" ||
                  path == "deploy.resources.limits") &&
                 member.value.is_map()) {
        ReadDeploy(member.value, absl::StrCat(path, "."));
      } else {
        notes_.Dropped(origin, ReasonFor(kReasons, path));
      }
    }
  }

  void ReadLimits(const ConfigMember& limits) {
    for (const ConfigMember& member : limits.value.members) {
      const Origin origin = At(member, "ulimits.");
      const bool is_known =
          member.key == "nofile" || member.key == "cpu" || member.key == "as";
      if (!is_known) {
        notes_.Dropped(origin, ReasonFor(kReasons, "ulimits."));
        continue;
      }
      const ConfigValue* value = &member.value;
      if (value->is_map()) {
        const ConfigMember* soft = value->Find("soft");
        if (soft == nullptr) soft = value->Find("hard");
        if (soft == nullptr) {
          notes_.Dropped(origin, "the limit has neither soft nor hard");
          continue;
        }
        notes_.Changed(origin, "the soft limit is also the hard one here");
        value = &soft->value;
      }
      const std::optional<int64_t> number = Integer(origin, *value);
      if (!number) continue;
      if (member.key == "nofile") process_.SetNofile(origin, *number);
      if (member.key == "cpu") process_.SetCpu(origin, *number);
      if (member.key == "as") process_.SetMemory(origin, *number);
    }
  }

  void ReadEnvironment(const ConfigMember& member) {
    for (const ConfigMember& variable : member.value.members) {
      SetVariable(variable.line, variable.key, variable.value);
    }
    for (const ConfigValue& item : member.value.items) {
      if (!item.is_scalar()) {
        notes_.Dropped(At(item.line, "environment"),
                       "the item is not NAME=value");
        continue;
      }
      const size_t equals = item.scalar.find('=');
      ConfigValue value = item;
      if (equals == std::string::npos) {
        value.kind = ConfigValue::Kind::kNull;
      } else {
        value.scalar.erase(0, equals + 1);
      }
      SetVariable(item.line, item.scalar.substr(0, equals), value);
    }
    if (member.value.is_scalar()) {
      notes_.Dropped(At(member), "the value has to be a map or a list");
    }
  }

  void SetVariable(int line, const std::string& name,
                   const ConfigValue& value) {
    const Origin origin = At(line, absl::StrCat("environment.", name));
    if (!value.is_null()) {
      const std::optional<std::string> text = Text(origin, value);
      if (text) process_.SetVariable(origin, name, *text);
      return;
    }
    // Passed on from the environment of Compose.
    const auto found = options_.variables.find(name);
    if (found == options_.variables.end()) {
      notes_.Dropped(origin,
                     "the variable is passed on and not set; set it for the "
                     "import");
      return;
    }
    process_.SetVariable(origin, name, found->second);
  }

  void ReadEnvFiles(const ConfigMember& member) {
    std::vector<const ConfigValue*> paths;
    if (member.value.is_list()) {
      for (const ConfigValue& item : member.value.items) {
        const ConfigMember* path = item.Find("path");
        paths.push_back(path == nullptr ? &item : &path->value);
      }
    } else {
      paths.push_back(&member.value);
    }
    for (const ConfigValue* path : paths) {
      const Origin origin = At(path->line, member.key);
      const std::optional<std::string> text = Text(origin, *path);
      if (!text) continue;
      const ImportFile* file = FindFile(env_files_, *text);
      if (file == nullptr) {
        notes_.Dropped(origin, "give the file to the import as well");
        continue;
      }
      used_.insert(file->name);
      SetVariables(*file, /*has_comments=*/true, process_, notes_);
    }
  }

  const std::string_view file_;
  const ConfigMember& service_;
  const absl::Span<const ImportFile> env_files_;
  std::set<std::string>& used_;
  Notes& notes_;
  const ImportOptions& options_;
  ProcessDraft& process_;
};

}  // namespace

void ReadComposeService(std::string_view file, const ConfigMember& member,
                        absl::Span<const ImportFile> env_files,
                        std::set<std::string>& used, StackDraft& draft) {
  const Origin origin = {.file = std::string(file),
                         .line = member.line,
                         .key = absl::StrCat("services.", member.key)};
  if (!member.value.is_map()) {
    draft.notes().Dropped(origin, "the service has to be a map");
    return;
  }
  ProcessDraft* process = draft.AddProcess(origin, member.key);
  if (process == nullptr) return;
  ServiceReader(file, member, env_files, used, draft, *process).Read();
}

}  // namespace tallyman::tally
