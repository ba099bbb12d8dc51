#include "server/config.h"

#include <pwd.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/redaction/redaction.h"
#include "platform/process_lister.h"
#include "server/flag_checks.h"
#include "server/network_flags.h"
#include "server/routing/cors.h"
#include "server/version.h"
#include "stacks/supervisor/backoff.h"

// Each help text is one or two sentences with the unit; --help adds the
// default.
ABSL_FLAG(std::string, data_dir, "",
          "Directory of tokens, stacks, instances and their output; created "
          "with mode 0700 if missing. Empty: $XDG_DATA_HOME/tallyman, else "
          "~/.local/share/tallyman, else /var/lib/tallyman.");
ABSL_FLAG(int64_t, max_kept_descriptors,
          tallyman::platform::ProcessLister::Options().max_kept_descriptors,
          "Largest number of files of /proc that stay open between lists of "
          "processes, which makes lists about twice as fast: three for each "
          "process, closed two minutes after the last list. 0 keeps none.");
ABSL_FLAG(std::string, cors_origins, "*",
          "Origins whose web pages may read /server/processes, with a token: "
          "\"*\" for all, \"\" for none, or a comma-separated list such as "
          "https://ops.example.com.");
ABSL_FLAG(bool, redact, true,
          "Replace secrets in command lines by ***; --redact_names says what "
          "is a secret.");
ABSL_FLAG(std::vector<std::string>, redact_names,
          tallyman::api::DefaultSecretNames(),
          "Names of arguments whose values are secret: comma-separated RE2 "
          "expressions, matched at the end of a name, ignoring case. Write "
          "\\x2c for a comma.");
ABSL_FLAG(absl::Duration, stop_deadline, absl::Seconds(10),
          "Longest time from SIGTERM or SIGINT to the end of the process, in "
          "which requests under way finish.");
ABSL_FLAG(bool, log_requests, true,
          "Log each request as a line of JSON on standard error.");
ABSL_FLAG(bool, new_admin_token, false,
          "Make a further admin token at this start and print it, in place of "
          "one that was lost.");
ABSL_FLAG(std::string, stacks_file, "",
          "JSON file of stacks that the start creates or updates: "
          "{\"stacks\":[{\"name\":\"shop\",\"procfile_path\":\"Procfile\"}]}. "
          "Stacks that are not in the file stay unchanged.");
ABSL_FLAG(std::string, server_name, "",
          "Name of this server in the counts of processes. Empty: the host "
          "name.");
ABSL_FLAG(absl::Duration, settle_time, absl::Seconds(1),
          "How long an instance must run until an action counts it as "
          "running. 0: it counts as soon as its program is executed.");
ABSL_FLAG(absl::Duration, action_deadline, absl::Seconds(60),
          "Longest time for a scale or a restart, without its stop sequences; "
          "then its action fails. The desired counts stay, and the server goes "
          "on trying.");
ABSL_FLAG(absl::Duration, restart_delay,
          tallyman::stacks::BackoffOptions().initial,
          "Delay before the first restart of an instance that ended; each "
          "further restart doubles it.");
ABSL_FLAG(absl::Duration, max_restart_delay,
          tallyman::stacks::BackoffOptions().max,
          "Longest delay before a restart.");
ABSL_FLAG(absl::Duration, healthy_after,
          tallyman::stacks::BackoffOptions().healthy_after,
          "An instance that ran for this long is healthy: its next restart has "
          "--restart_delay again.");
ABSL_FLAG(int64_t, max_events, 10000,
          "Largest number of events kept for each stack; the oldest are "
          "deleted first.");
ABSL_FLAG(int64_t, max_log_bytes, int64_t{10} << 20,
          "Size in bytes at which the output file of an instance is rotated; "
          "one rotated file is kept.");
ABSL_FLAG(bool, cgroups, true,
          "Run each instance in a cgroup (version 2) of its own where the "
          "system allows it, so that a stop reaches all its processes.");

namespace tallyman::server {
namespace {

absl::Status CheckFlags() {
  for (const absl::Status& status :
       {CheckRange("max_kept_descriptors",
                   absl::GetFlag(FLAGS_max_kept_descriptors), 0,
                   int64_t{1} << 30),
        CheckDuration("stop_deadline", absl::GetFlag(FLAGS_stop_deadline)),
        CheckDuration("action_deadline", absl::GetFlag(FLAGS_action_deadline)),
        CheckDuration("restart_delay", absl::GetFlag(FLAGS_restart_delay)),
        CheckDuration("max_restart_delay",
                      absl::GetFlag(FLAGS_max_restart_delay)),
        CheckDuration("healthy_after", absl::GetFlag(FLAGS_healthy_after)),
        CheckRange("max_events", absl::GetFlag(FLAGS_max_events), 1,
                   int64_t{1} << 32),
        CheckRange("max_log_bytes", absl::GetFlag(FLAGS_max_log_bytes), 4096,
                   int64_t{1} << 40)}) {
    if (!status.ok()) return status;
  }
  if (absl::GetFlag(FLAGS_settle_time) != absl::ZeroDuration()) {
    if (absl::Status valid =
            CheckDuration("settle_time", absl::GetFlag(FLAGS_settle_time));
        !valid.ok()) {
      return valid;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<api::Redactor>> RedactorFromFlags() {
  if (!absl::GetFlag(FLAGS_redact)) return api::Redactor::Disabled();
  auto redactor = api::Redactor::Create(absl::GetFlag(FLAGS_redact_names));
  if (!redactor.ok()) {
    return InvalidFlag("redact_names", redactor.status().message());
  }
  return redactor;
}

StackOptions StackOptionsFromFlags() {
  return {.stacks_file = absl::GetFlag(FLAGS_stacks_file),
          .server_name = absl::GetFlag(FLAGS_server_name),
          .settle_time = absl::GetFlag(FLAGS_settle_time),
          .action_deadline = absl::GetFlag(FLAGS_action_deadline),
          .backoff = {.initial = absl::GetFlag(FLAGS_restart_delay),
                      .max = absl::GetFlag(FLAGS_max_restart_delay),
                      .healthy_after = absl::GetFlag(FLAGS_healthy_after)},
          .events = {.max_events_per_stack = absl::GetFlag(FLAGS_max_events)},
          .logs = {.max_bytes = absl::GetFlag(FLAGS_max_log_bytes)},
          .use_cgroups = absl::GetFlag(FLAGS_cgroups)};
}

absl::StatusOr<Config> ConfigFromFlags() {
  if (absl::Status valid = CheckFlags(); !valid.ok()) return valid;
  absl::StatusOr<NetworkConfig> network = NetworkConfigFromFlags();
  if (!network.ok()) return network.status();
  absl::StatusOr<CorsPolicy> cors =
      CorsPolicy::Parse(absl::GetFlag(FLAGS_cors_origins));
  if (!cors.ok()) return InvalidFlag("cors_origins", cors.status().message());
  absl::StatusOr<std::unique_ptr<api::Redactor>> redactor = RedactorFromFlags();
  if (!redactor.ok()) return redactor.status();
  std::string data_dir = absl::GetFlag(FLAGS_data_dir);
  if (data_dir.empty()) data_dir = DefaultDataDir();
  return Config{.network = *std::move(network),
                .data_dir = std::move(data_dir),
                .processes = {.max_kept_descriptors =
                                  absl::GetFlag(FLAGS_max_kept_descriptors)},
                .stacks = StackOptionsFromFlags(),
                .cors = *std::move(cors),
                .redactor = *std::move(redactor),
                .log_requests = absl::GetFlag(FLAGS_log_requests),
                .new_admin_token = absl::GetFlag(FLAGS_new_admin_token),
                .stop_deadline = absl::GetFlag(FLAGS_stop_deadline)};
}

}  // namespace

std::string DefaultDataDir() {
  // NOLINTBEGIN(concurrency-mt-unsafe): the process has one thread.
  // The specification says to ignore relative paths.
  const char* const data_home = std::getenv("XDG_DATA_HOME");
  if (data_home != nullptr && data_home[0] == '/') {
    return absl::StrCat(data_home, "/tallyman");
  }
  const char* home = std::getenv("HOME");
  if (home == nullptr || home[0] == '\0') {
    const passwd* const user = getpwuid(geteuid());
    home = user == nullptr ? nullptr : user->pw_dir;
  }
  // NOLINTEND(concurrency-mt-unsafe)
  if (home == nullptr || home[0] != '/') return "/var/lib/tallyman";
  return absl::StrCat(home, "/.local/share/tallyman");
}

absl::StatusOr<Config> ConfigFromCommandLine(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Lists the processes of this machine over HTTP, and runs the processes "
      "that stacks define.\n\n"
      "  server [--port=8880] [--data_dir=DIRECTORY] [--flagfile=FILE] ...\n\n"
      "The first start makes an admin token and prints it. SIGTERM or SIGINT "
      "stops the server after the requests under way; a second one ends it at "
      "once. The instances of stacks go on, and the next start adopts them.");
  absl::FlagsUsageConfig usage;
  // --help lists the flags of the server, not those of libraries. The path has
  // a prefix if another repository builds the server.
  const auto is_own_file = [](std::string_view file) {
    return file.ends_with("server/config.cc") ||
           file.ends_with("server/network_flags.cc");
  };
  usage.contains_help_flags = is_own_file;
  usage.contains_helpshort_flags = is_own_file;
  usage.version_string = [] {
    return absl::StrCat("tallyman ", kVersion, "\n");
  };
  absl::SetFlagsUsageConfig(usage);
  const std::vector<char*> arguments = absl::ParseCommandLine(argc, argv);
  if (arguments.size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", std::string_view(arguments[1]),
                     "\" is not a flag; flags begin with --, see --help"));
  }
  return ConfigFromFlags();
}

}  // namespace tallyman::server
