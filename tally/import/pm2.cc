#include "tally/import/pm2.h"

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
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/base/text.h"
#include "tally/import/config_tree.h"
#include "tally/import/draft.h"
#include "tally/import/reasons.h"
#include "tally/import/shell_words.h"
#include "tally/import/types.h"
#include "tally/import/units.h"

namespace tallyman::tally {
namespace {

constexpr std::string_view kStateReason = "the key is PM2's own state";
constexpr std::string_view kWatchReason =
    "Tallyman does not restart on changed files; call tally processes "
    "restart";
constexpr std::string_view kReadyReason =
    "an instance counts as running once its program is executed";
constexpr std::string_view kSpecialReason =
    "the key is for PM2's own libraries";
// PM2 sends SIGINT and waits so long.
constexpr absl::Duration kStopWait = absl::Milliseconds(1600);

constexpr KeyReason kReasons[] = {
    {"append_env_to_name", "name the process by hand"},
    {"automation", kSpecialReason},
    {"axm_*", kStateReason},
    {"combine_logs", kOutputReason},
    {"created_at", kStateReason},
    {"cron",
     "Tallyman has no times for restarts; call tally processes restart by "
     "cron(8)"},
    {"cron_restart",
     "Tallyman has no times for restarts; call tally processes restart by "
     "cron(8)"},
    {"disable_logs", kOutputReason},
    {"disable_source_map_support", kSpecialReason},
    {"disable_trace", kSpecialReason},
    {"err_file", kOutputReason},
    {"error_file", kOutputReason},
    {"error", kOutputReason},
    {"exit_code", kStateReason},
    {"exp_backoff_restart_delay", kRetryReason},
    {"filter_env", "an instance has only the variables of its definition"},
    {"force", kStateReason},
    {"gid", kGroupReason},
    {"ignore_watch", kWatchReason},
    {"instance_id", kStateReason},
    {"km_link", kStateReason},
    {"listen_timeout", kReadyReason},
    {"log*", kOutputReason},
    {"max_memory_restart", kMemoryReason},
    {"max_restarts", kRetryReason},
    {"merge_logs", kOutputReason},
    {"min_uptime", kRetryReason},
    {"namespace", "all processes are in one stack"},
    {"node_version", kStateReason},
    {"out_file", kOutputReason},
    {"output", kOutputReason},
    {"out", kOutputReason},
    {"pid_file", "Tallyman keeps no files of pids; see tally ps"},
    {"pid", "Tallyman keeps no files of pids; see tally ps"},
    {"pm_*", kStateReason},
    {"pmx", kSpecialReason},
    {"port", "set the port in a variable"},
    {"post_update", "the key is for deployments by PM2"},
    {"prev_restart_delay", kStateReason},
    {"restart_delay", kRetryReason},
    {"restart_time", kStateReason},
    {"shutdown_with_message", "a stop sends a signal and no message"},
    {"source_map_support", kSpecialReason},
    {"status", kStateReason},
    {"stop_exit_codes", kRestartReason},
    {"time", kOutputReason},
    {"trace", kSpecialReason},
    {"treekill", "a stop always reaches all processes of an instance"},
    {"unique_id", kStateReason},
    {"unstable_restarts", kStateReason},
    {"username", kStateReason},
    {"version", kStateReason},
    {"versioning", kStateReason},
    {"vizion*", kSpecialReason},
    {"wait_ready", kReadyReason},
    {"watch*", kWatchReason},
    {"windowsHide", "the key is for Windows"},
};

struct Interpreter {
  std::string_view extension;
  std::string_view program;
};
// As PM2 chooses by the extension of the script.
constexpr Interpreter kInterpreters[] = {
    {".cjs", "node"}, {".js", "node"},       {".mjs", "node"},
    {".php", "php"},  {".pl", "perl"},       {".py", "python3"},
    {".rb", "ruby"},  {".sh", "bash"},       {".ts", "bun"},
    {".tsx", "bun"},  {".coffee", "coffee"},
};

bool IsFalse(const ConfigValue& value) {
  return value.is_null() || value.scalar == "false";
}

class AppReader {
 public:
  AppReader(std::string_view file, std::string_view place,
            const ConfigValue& app, StackDraft& draft, ProcessDraft& process)
      : file_(file),
        place_(place),
        app_(app),
        notes_(draft.notes()),
        options_(draft.options()),
        process_(process) {}

  void Read() {
    const Origin origin = At(app_.line, "");
    process_.SetStopSignal(origin, "int");
    process_.SetStopWait(origin, kStopWait);
    process_.SetInstances(origin, 1);
    if (FirstOf({"cwd", "pm_cwd"}) == nullptr &&
        !options_.base_directory.empty()) {
      process_.SetDirectory(origin, options_.base_directory);
    }
    ReadCommand();
    for (const ConfigMember& member : app_.members) ReadMember(member);
    // Behind `env`, whose variables it overrides.
    if (const ConfigMember* chosen = ChosenEnvironment()) {
      ReadEnvironment(*chosen);
    }
  }

 private:
  Origin At(int line, std::string_view key) const {
    std::string path(place_);
    if (!path.empty() && !key.empty()) path.push_back('.');
    return {.file = std::string(file_),
            .line = line,
            .key = absl::StrCat(path, key)};
  }
  Origin At(const ConfigMember& member) const {
    return At(member.line, member.key);
  }

  const ConfigMember* FirstOf(absl::Span<const std::string_view> keys) const {
    for (const std::string_view key : keys) {
      const ConfigMember* member = app_.Find(key);
      if (member != nullptr && !member->value.is_null()) return member;
    }
    return nullptr;
  }
  const ConfigMember* FirstOf(
      std::initializer_list<std::string_view> keys) const {
    return FirstOf(absl::MakeConstSpan(keys.begin(), keys.size()));
  }

  const ConfigMember* ChosenEnvironment() const {
    if (options_.environment.empty()) return nullptr;
    return app_.Find(absl::StrCat("env_", options_.environment));
  }

  // A list of texts, or a text that is split. False, with a note, for others.
  bool AddWords(const ConfigMember& member, std::vector<std::string>& words) {
    if (member.value.is_list()) {
      for (const ConfigValue& item : member.value.items) {
        if (!item.is_scalar()) {
          notes_.Dropped(At(member), "an item is not a text");
          return false;
        }
        words.push_back(item.scalar);
      }
      return true;
    }
    if (!member.value.is_scalar()) {
      notes_.Dropped(At(member), "the value has to be a text or a list");
      return false;
    }
    absl::StatusOr<std::vector<std::string>> split =
        SplitWords(member.value.scalar);
    if (!split.ok()) {
      notes_.Dropped(At(member), split.status().message());
      return false;
    }
    words.insert(words.end(), split->begin(), split->end());
    return true;
  }

  static std::string_view InterpreterOf(std::string_view script) {
    for (const Interpreter& known : kInterpreters) {
      if (absl::EndsWith(script, known.extension)) return known.program;
    }
    return "";
  }

  void ReadCommand() {
    const ConfigMember* script = FirstOf({"script", "pm_exec_path", "cmd"});
    if (script == nullptr || !script->value.is_scalar()) {
      notes_.Dropped(At(app_.line, ""), "the app has no script");
      return;
    }
    const std::string& path = script->value.scalar;
    const ConfigMember* chosen = FirstOf({"interpreter", "exec_interpreter"});
    const ConfigMember* args = FirstOf({"args"});
    std::string interpreter = chosen != nullptr
                                  ? chosen->value.scalar
                                  : std::string(InterpreterOf(path));
    // PM2 has bash run a script such as "npm start".
    if (chosen == nullptr && absl::StrContains(path, ' ')) {
      std::string command = path;
      std::vector<std::string> words;
      if (args != nullptr && AddWords(*args, words)) {
        absl::StrAppend(&command, " ", JoinWords(words));
      }
      return process_.SetCommand(At(*script), std::move(command));
    }
    std::vector<std::string> words;
    if (interpreter == "none") interpreter.clear();
    if (!interpreter.empty()) words.push_back(interpreter);
    for (const std::string_view key :
         {"node_args", "interpreter_args", "interpreterArgs"}) {
      const ConfigMember* member = app_.Find(key);
      if (member == nullptr || member->value.is_null()) continue;
      if (interpreter.empty()) {
        if (!member->value.items.empty() || !member->value.scalar.empty()) {
          notes_.Dropped(At(*member), "the script has no interpreter");
        }
      } else if (!AddWords(*member, words)) {
        return;
      }
    }
    words.push_back(path);
    if (args != nullptr && !AddWords(*args, words)) return;
    process_.SetCommand(At(*script), JoinWords(words));
  }

  void ReadMember(const ConfigMember& member) {
    const std::string& key = member.key;
    const ConfigValue& value = member.value;
    const Origin origin = At(member);
    for (const std::string_view read :
         {"name", "script", "pm_exec_path", "cmd", "args", "interpreter",
          "exec_interpreter", "node_args", "interpreter_args",
          "interpreterArgs"}) {
      if (key == read) return;
    }
    if (value.is_null()) return;
    if (key == "env") return ReadEnvironment(member);
    if (key.starts_with("env_")) {
      if (&member == ChosenEnvironment()) return;
      return notes_.Dropped(
          origin, absl::StrCat("the variables are of another environment; to "
                               "take them, name it ",
                               base::Quote(key.substr(4)),
                               " as the environment of the stack"));
    }
    if (key == "cwd" || key == "pm_cwd") {
      return process_.SetDirectory(origin, value.scalar);
    }
    if (key == "user" || key == "uid") {
      return process_.SetUser(origin, value.scalar);
    }
    if (key == "instances") return ReadInstances(origin, value);
    if (key == "exec_mode") return ReadMode(origin, value);
    if (key == "kill_timeout") return ReadStopWait(origin, value);
    if (key == "autorestart") {
      if (IsFalse(value)) notes_.Changed(origin, kRestartReason);
      return;
    }
    if (key == "instance_var" || key == "increment_var") {
      return ReadNumberVariable(origin, key, value);
    }
    // A dump repeats the variables beside `env`.
    if (const ConfigMember* env = app_.Find("env");
        env != nullptr && env->value.Find(key) != nullptr) {
      return;
    }
    notes_.Dropped(origin, ReasonFor(kReasons, key));
  }

  void ReadMode(const Origin& origin, const ConfigValue& value) {
    if (value.scalar == "fork" || value.scalar == "fork_mode") return;
    notes_.Changed(origin,
                   "the instances do not share a socket as in PM2's cluster; "
                   "give each a port of its own, or let them set SO_REUSEPORT");
  }

  void ReadInstances(const Origin& origin, const ConfigValue& value) {
    int64_t number = 0;
    if (value.scalar != "max" && !absl::SimpleAtoi(value.scalar, &number)) {
      return notes_.Dropped(origin, "the value is no number");
    }
    if (number > 0) return process_.SetInstances(origin, number);
    // "max" and 0 are all processors, -1 all but one.
    const int64_t known = options_.processors;
    const int64_t instances = known > 0 && number > -known ? known + number : 1;
    process_.SetInstances(origin, instances);
    notes_.Changed(
        origin, absl::StrCat("the number follows the processors in PM2 and "
                             "is ",
                             instances, " here; change it with tally scale"));
  }

  void ReadStopWait(const Origin& origin, const ConfigValue& value) {
    const std::optional<absl::Duration> wait =
        ParseTimeSpan(value.scalar, absl::Milliseconds(1));
    if (!wait) return notes_.Dropped(origin, "the value is no span of time");
    process_.SetStopWait(origin, *wait);
  }

  void ReadNumberVariable(const Origin& origin, std::string_view key,
                          const ConfigValue& value) {
    if (key == "increment_var") {
      return notes_.Dropped(origin,
                            "no variable counts up; compute it in the command "
                            "from $TALLYMAN_INSTANCE, which begins at 1");
    }
    process_.SetComputedVariable(origin, value.scalar,
                                 "$((TALLYMAN_INSTANCE - 1))");
  }

  void ReadEnvironment(const ConfigMember& member) {
    if (!member.value.is_map()) {
      return notes_.Dropped(At(member), "the value has to be a map");
    }
    for (const ConfigMember& variable : member.value.members) {
      const Origin origin =
          At(variable.line, absl::StrCat(member.key, ".", variable.key));
      if (variable.value.is_list() || variable.value.is_map()) {
        notes_.Dropped(origin, "the value has to be a text or a number");
        continue;
      }
      process_.SetVariable(origin, variable.key, variable.value.scalar);
    }
  }

  const std::string_view file_;
  const std::string_view place_;
  const ConfigValue& app_;
  Notes& notes_;
  const ImportOptions& options_;
  ProcessDraft& process_;
};

std::string NameOf(const ConfigValue& app) {
  if (const ConfigMember* name = app.Find("name");
      name != nullptr && name->value.is_scalar()) {
    return name->value.scalar;
  }
  for (const std::string_view key : {"script", "pm_exec_path"}) {
    const ConfigMember* script = app.Find(key);
    if (script != nullptr) return std::string(Stem(script->value.scalar));
  }
  return "app";
}

bool IsJson(std::string_view text) {
  text = absl::StripLeadingAsciiWhitespace(text);
  return text.starts_with('{') || text.starts_with('[') ||
         text.starts_with('/');
}

}  // namespace

absl::StatusOr<ImportResult> ImportPm2(absl::Span<const ImportFile> files,
                                       const ImportOptions& options) {
  const ImportFile& file = files[0];
  if (files.size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("there are two files of PM2, ", base::Quote(file.name),
                     " and ", base::Quote(files[1].name), "; give one"));
  }
  absl::StatusOr<ConfigTree> tree = IsJson(file.text)
                                        ? ParseJson(file.name, file.text)
                                        : ParseYaml(file.name, file.text);
  if (!tree.ok()) return tree.status();

  StackDraft draft(options);
  const ConfigValue* apps = &tree->root;
  std::string prefix;
  if (const ConfigMember* member = tree->root.Find("apps")) {
    apps = &member->value;
    prefix = "apps";
    for (const ConfigMember& other : tree->root.members) {
      if (other.key == "apps") continue;
      draft.notes().Dropped(
          {.file = file.name, .line = other.line, .key = other.key},
          other.key == "deploy" ? "Tallyman does not deploy; call PM2 or "
                                  "another tool for that"
                                : kUnknownKey);
    }
  }
  std::vector<std::pair<std::string, const ConfigValue*>> list;
  if (apps->is_map()) {
    list.emplace_back(prefix, apps);
  } else {
    for (const ConfigValue& app : apps->items) {
      list.emplace_back(absl::StrCat(prefix, "[", list.size(), "]"), &app);
    }
  }
  for (const auto& [place, app] : list) {
    const Origin origin = {.file = file.name, .line = app->line, .key = place};
    if (!app->is_map()) {
      draft.notes().Dropped(origin, "the app has to be an object");
      continue;
    }
    ProcessDraft* process = draft.AddProcess(origin, NameOf(*app));
    if (process == nullptr) continue;
    AppReader(file.name, place, *app, draft, *process).Read();
  }
  if (list.empty()) {
    return InvalidAt(file.name, apps->line,
                     "there are no apps; a file of PM2 has a list called apps");
  }
  const std::string_view folder = BaseName(options.base_directory);
  return draft.Finish(folder.empty() ? "pm2" : folder);
}

}  // namespace tallyman::tally
