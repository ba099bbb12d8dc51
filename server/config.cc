#include "server/config.h"

#include <cstddef>
#include <cstdint>
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
#include "platform/base/version.h"
#include "platform/process_lister.h"
#include "server/flag_checks.h"
#include "server/network_flags.h"
#include "server/routing/cors.h"
#include "server/stack_flags.h"
#include "server/stack_options.h"
#include "server/system/system.h"

// Each help text is one or two sentences with the unit; --help adds the
// default.
ABSL_FLAG(
    std::string, data_dir, "",
    absl::StrCat("Directory of tokens, stacks, instances and their output; "
                 "created for this user only if missing. Empty: ",
                 tallyman::server::DefaultDataDirRule(), "."));
ABSL_FLAG(int64_t, max_kept_descriptors,
          tallyman::platform::ProcessLister::Options().max_kept_descriptors,
          "Largest number of files of /proc that stay open between lists of "
          "processes, which makes lists about twice as fast: three for each "
          "process, closed two minutes after the last list. 0 keeps none.");
ABSL_FLAG(int64_t, max_process_streams, 256,
          "Largest number of streams of processes "
          "(/server/processes?watch=2s) that are open at the same time.");
ABSL_FLAG(int64_t, max_process_streams_per_token, 32,
          "Largest number of them for each token.");
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
ABSL_FLAG(bool, metrics_public, false,
          "Answer /metrics without a token. The names of stacks and processes "
          "are in the answer.");
ABSL_FLAG(bool, new_admin_token, false,
          "Make a further admin token at this start and print it, in place of "
          "one that was lost.");
ABSL_FLAG(bool, local_access, true,
          "Write addresses and an admin token to local_access.json in the data "
          "directory, where `tally` finds them as this user or root. "
          "--nolocal_access removes the file and revokes its token.");

namespace tallyman::server {
namespace {

absl::Status CheckFlags() {
  for (const absl::Status& status :
       {CheckRange("max_kept_descriptors",
                   absl::GetFlag(FLAGS_max_kept_descriptors), 0,
                   int64_t{1} << 30),
        CheckRange("max_process_streams",
                   absl::GetFlag(FLAGS_max_process_streams), 1, 1'000'000),
        CheckRange("max_process_streams_per_token",
                   absl::GetFlag(FLAGS_max_process_streams_per_token), 1,
                   1'000'000),
        CheckDuration("stop_deadline", absl::GetFlag(FLAGS_stop_deadline))}) {
    if (!status.ok()) return status;
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

absl::StatusOr<Config> ConfigFromFlags() {
  if (absl::Status valid = CheckFlags(); !valid.ok()) return valid;
  absl::StatusOr<NetworkConfig> network = NetworkConfigFromFlags();
  if (!network.ok()) return network.status();
  absl::StatusOr<StackOptions> stacks = StackOptionsFromFlags();
  if (!stacks.ok()) return stacks.status();
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
                .max_process_streams = absl::GetFlag(FLAGS_max_process_streams),
                .max_process_streams_per_token =
                    absl::GetFlag(FLAGS_max_process_streams_per_token),
                .stacks = *std::move(stacks),
                .cors = *std::move(cors),
                .redactor = *std::move(redactor),
                .log_requests = absl::GetFlag(FLAGS_log_requests),
                .metrics_public = absl::GetFlag(FLAGS_metrics_public),
                .new_admin_token = absl::GetFlag(FLAGS_new_admin_token),
                .local_access = absl::GetFlag(FLAGS_local_access),
                .stop_deadline = absl::GetFlag(FLAGS_stop_deadline)};
}

}  // namespace

absl::StatusOr<Config> ConfigFromCommandLine(
    const std::vector<std::string>& given) {
  absl::SetProgramUsageMessage(absl::StrCat(
      "Lists the processes of this machine over HTTP, and runs the processes "
      "that stacks define.\n\n"
      "  server [--port=8880] [--data_dir=DIRECTORY] [--flagfile=FILE] ...\n\n"
      "The first start makes an admin token and prints it. SIGTERM or SIGINT "
      "stops the server after the requests under way; a second one ends it at "
      "once. ",
      StackHelp()));
  absl::FlagsUsageConfig usage;
  // --help lists the flags of the server, not those of libraries. The path has
  // a prefix if another repository builds the server.
  const auto is_own_file = [](std::string_view file) {
    return file.ends_with("server/config.cc") ||
           file.ends_with("server/network_flags.cc") ||
           file.ends_with("server/linux/stack_flags.cc");
  };
  usage.contains_help_flags = is_own_file;
  usage.contains_helpshort_flags = is_own_file;
  usage.version_string = [] { return base::VersionLine("tallyman"); };
  absl::SetFlagsUsageConfig(usage);
  std::vector<std::string> copies = given;  // The library wants char*.
  const std::vector<char*> arguments = absl::ParseCommandLine(
      static_cast<int>(copies.size()), PointersTo(copies).data());
  if (arguments.size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", std::string_view(arguments[1]),
                     "\" is not a flag; flags begin with --, see --help"));
  }
  return ConfigFromFlags();
}

}  // namespace tallyman::server
