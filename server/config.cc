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
#include "server/routing/cors.h"
#include "server/version.h"

ABSL_FLAG(std::string, listen, "127.0.0.1",
          "Address to listen on: a name or an IPv4 or IPv6 address. 0.0.0.0 or "
          ":: for all of the machine; there is no TLS yet, so think twice.");
ABSL_FLAG(int, port, 8880,
          "TCP port to listen on; 0 takes any free one and says which.");
ABSL_FLAG(
    std::string, data_dir, "",
    "Directory for everything that is kept: tokens, stacks, instances and "
    "their output. Made with mode 0700 where it is missing. Empty: `tallyman` "
    "in $XDG_DATA_HOME, "
    "or in ~/.local/share.");
ABSL_FLAG(int64_t, max_kept_descriptors,
          tallyman::platform::ProcessLister::Options().max_kept_descriptors,
          "Files of /proc that stay open between lists of processes, three for "
          "each process, which makes lists about twice as fast. Closed two "
          "minutes after the last list. 0 keeps none.");
ABSL_FLAG(std::string, cors_origins, "*",
          "Origins whose pages may read /server/processes: \"*\" for all (they "
          "need a token in any case), \"\" for none, or a comma-separated list "
          "such as https://ops.example.com.");
ABSL_FLAG(bool, redact, true,
          "Replace what looks like a secret in command lines by ***.");
ABSL_FLAG(std::vector<std::string>, redact_names,
          tallyman::api::DefaultSecretNames(),
          "Names of arguments whose values are secret: comma-separated RE2 "
          "expressions, matched at the end of a name, whatever its case. Write "
          "\\x2c for a comma.");
ABSL_FLAG(int64_t, max_body_bytes, int64_t{1} << 20,
          "Largest body of a request, in bytes; more is 413.");
ABSL_FLAG(int, max_connections, 256,
          "Connections that are served at once, each on a thread; more wait.");
ABSL_FLAG(absl::Duration, io_timeout, absl::Seconds(10),
          "A client that neither sends nor takes anything for this long in the "
          "middle of a request is dropped.");
ABSL_FLAG(absl::Duration, keep_alive_timeout, absl::Seconds(30),
          "A kept connection without a request is closed after this long.");
ABSL_FLAG(absl::Duration, stop_deadline, absl::Seconds(10),
          "How long requests under way may go on after SIGTERM or SIGINT.");
ABSL_FLAG(bool, log_requests, true,
          "Log each request, as a line of JSON on standard error.");
ABSL_FLAG(bool, new_admin_token, false,
          "Make one more admin token at this start and show it: for whoever "
          "lost the first one.");
ABSL_FLAG(
    std::string, stacks_file, "",
    "JSON file of stacks to create, or to bring up to date, at the start: "
    "{\"stacks\":[{\"name\":\"shop\",\"procfile_path\":\"Procfile\"}]}. "
    "Stacks that are not in it stay as they are.");
ABSL_FLAG(std::string, server_name, "",
          "Name of this server in the counts of processes. Empty: the host's.");
ABSL_FLAG(absl::Duration, settle_time, absl::Seconds(1),
          "How long an instance has to run before it counts as running for an "
          "action. 0: as soon as its program was executed.");
ABSL_FLAG(absl::Duration, action_deadline, absl::Seconds(60),
          "How long a scale or restart may take, besides stop sequences, until "
          "its action ends without success. What is wanted stays wanted.");
ABSL_FLAG(absl::Duration, restart_delay, absl::Milliseconds(100),
          "Wait before the first restart of an instance that ended; doubles "
          "with each further one.");
ABSL_FLAG(absl::Duration, max_restart_delay, absl::Minutes(1),
          "Longest wait before a restart.");
ABSL_FLAG(
    absl::Duration, healthy_after, absl::Seconds(10),
    "An instance that has run for as long is healthy: restarts begin with "
    "the short wait again.");
ABSL_FLAG(int64_t, max_events, 10000,
          "Events kept of each stack; the oldest go first.");
ABSL_FLAG(int64_t, max_log_bytes, int64_t{10} << 20,
          "Size at which the output file of an instance is rotated; one older "
          "file is kept.");
ABSL_FLAG(bool, cgroups, true,
          "Give each instance a cgroup (version 2) of its own where that is "
          "possible, so that nothing of it can get away.");

namespace tallyman::server {
namespace {

absl::Status Bad(std::string_view flag, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("--", flag, ": ", what));
}

// Checks that `duration` is positive and no longer than a day.
absl::Status CheckDuration(std::string_view flag, absl::Duration duration) {
  if (duration <= absl::ZeroDuration() || duration > absl::Hours(24)) {
    return Bad(flag, absl::StrCat(absl::FormatDuration(duration),
                                  " is not more than 0 and at most 24h"));
  }
  return absl::OkStatus();
}

absl::Status CheckRange(std::string_view flag, int64_t value, int64_t min,
                        int64_t max) {
  if (value < min || value > max) {
    return Bad(flag, absl::StrCat(value, " is not from ", min, " to ", max));
  }
  return absl::OkStatus();
}

absl::Status CheckFlags() {
  for (const absl::Status& status :
       {CheckRange("port", absl::GetFlag(FLAGS_port), 0, 65535),
        CheckRange("max_body_bytes", absl::GetFlag(FLAGS_max_body_bytes), 1,
                   int64_t{1} << 30),
        CheckRange("max_connections", absl::GetFlag(FLAGS_max_connections), 1,
                   10000),
        CheckRange("max_kept_descriptors",
                   absl::GetFlag(FLAGS_max_kept_descriptors), 0,
                   int64_t{1} << 30),
        CheckDuration("io_timeout", absl::GetFlag(FLAGS_io_timeout)),
        CheckDuration("keep_alive_timeout",
                      absl::GetFlag(FLAGS_keep_alive_timeout)),
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
  if (absl::GetFlag(FLAGS_listen).empty()) {
    return Bad("listen", "the address is empty");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<api::Redactor>> RedactorFromFlags() {
  if (!absl::GetFlag(FLAGS_redact)) return api::Redactor::Disabled();
  auto redactor = api::Redactor::Create(absl::GetFlag(FLAGS_redact_names));
  if (!redactor.ok()) {
    return Bad("redact_names", redactor.status().message());
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
  absl::StatusOr<CorsPolicy> cors =
      CorsPolicy::Parse(absl::GetFlag(FLAGS_cors_origins));
  if (!cors.ok()) return Bad("cors_origins", cors.status().message());
  absl::StatusOr<std::unique_ptr<api::Redactor>> redactor = RedactorFromFlags();
  if (!redactor.ok()) return redactor.status();
  std::string data_dir = absl::GetFlag(FLAGS_data_dir);
  if (data_dir.empty()) data_dir = DefaultDataDir();
  return Config{
      .http = {.host = absl::GetFlag(FLAGS_listen),
               .port = absl::GetFlag(FLAGS_port),
               .max_body_bytes =
                   static_cast<size_t>(absl::GetFlag(FLAGS_max_body_bytes)),
               .max_connections =
                   static_cast<size_t>(absl::GetFlag(FLAGS_max_connections)),
               .io_timeout = absl::GetFlag(FLAGS_io_timeout),
               .keep_alive_timeout = absl::GetFlag(FLAGS_keep_alive_timeout)},
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
  // NOLINTBEGIN(concurrency-mt-unsafe): called before there are threads.
  // The specification wants relative paths to be ignored.
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
      "Answers over HTTP what is running on this machine, and runs processes "
      "that stacks define.\n\n"
      "  server [--port=8880] [--data_dir=DIRECTORY] [--flagfile=FILE] ...\n\n"
      "The first start makes an admin token and shows it. SIGTERM and SIGINT "
      "stop the server once requests under way are finished; the instances of "
      "stacks run on, and the next server takes them over.");
  absl::FlagsUsageConfig usage;
  // --help tells of our flags, wherever the program was built.
  const auto is_ours = [](std::string_view file) {
    return file.ends_with("server/config.cc");
  };
  usage.contains_help_flags = is_ours;
  usage.contains_helpshort_flags = is_ours;
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
