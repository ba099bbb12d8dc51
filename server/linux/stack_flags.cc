#include "server/stack_flags.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/flag_checks.h"
#include "server/stack_options.h"
#include "stacks/supervisor/backoff.h"

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
ABSL_FLAG(int64_t, max_event_streams, 4096,
          "Largest number of streams of events that are open at the same "
          "time.");
ABSL_FLAG(int64_t, max_event_streams_per_token, 1024,
          "Largest number of them for each token.");
ABSL_FLAG(int64_t, max_log_bytes, int64_t{10} << 20,
          "Size in bytes at which the output file of an instance is rotated; "
          "one rotated file is kept.");
ABSL_FLAG(std::vector<std::string>, webhook_hosts, {},
          "Hosts to which webhooks may post, as [http://]HOST[:PORT] with "
          "commas between them; http only where it is written. An address that "
          "is not public has to be in the list itself. Empty: no webhooks.");
ABSL_FLAG(std::string, webhooks_file, "",
          "JSON file of webhooks, read at the start: "
          "{\"webhooks\":[{\"name\":\"pager\",\"url\":\"https://...\","
          "\"events\":[\"crash_looping\"],\"secret\":\"...\"}]}. Those of an "
          "earlier file that are not in it are deleted.");
ABSL_FLAG(std::string, webhook_ca_file, "",
          "PEM file of the certificate authorities that receivers of webhooks "
          "must have. Empty: those of the system.");
ABSL_FLAG(absl::Duration, webhook_retry_delay, absl::Seconds(5),
          "Delay before the second attempt to deliver to a webhook; each "
          "further one doubles it, up to an hour.");
ABSL_FLAG(bool, cgroups, true,
          "Run each instance in a cgroup (version 2) of its own where the "
          "system allows it, so that a stop reaches all its processes.");

namespace tallyman::server {
namespace {

absl::Status CheckFlags() {
  for (const absl::Status& status :
       {CheckDuration("action_deadline", absl::GetFlag(FLAGS_action_deadline)),
        CheckDuration("restart_delay", absl::GetFlag(FLAGS_restart_delay)),
        CheckDuration("max_restart_delay",
                      absl::GetFlag(FLAGS_max_restart_delay)),
        CheckDuration("healthy_after", absl::GetFlag(FLAGS_healthy_after)),
        CheckRange("max_events", absl::GetFlag(FLAGS_max_events), 1,
                   int64_t{1} << 32),
        CheckRange("max_event_streams", absl::GetFlag(FLAGS_max_event_streams),
                   1, 1'000'000),
        CheckDuration("webhook_retry_delay",
                      absl::GetFlag(FLAGS_webhook_retry_delay)),
        CheckRange("max_event_streams_per_token",
                   absl::GetFlag(FLAGS_max_event_streams_per_token), 1,
                   1'000'000),
        CheckRange("max_log_bytes", absl::GetFlag(FLAGS_max_log_bytes), 4096,
                   int64_t{1} << 40)}) {
    if (!status.ok()) return status;
  }
  if (absl::GetFlag(FLAGS_settle_time) == absl::ZeroDuration()) {
    return absl::OkStatus();
  }
  return CheckDuration("settle_time", absl::GetFlag(FLAGS_settle_time));
}

}  // namespace

absl::StatusOr<StackOptions> StackOptionsFromFlags() {
  if (absl::Status valid = CheckFlags(); !valid.ok()) return valid;
  return StackOptions{
      .stacks_file = absl::GetFlag(FLAGS_stacks_file),
      .server_name = absl::GetFlag(FLAGS_server_name),
      .settle_time = absl::GetFlag(FLAGS_settle_time),
      .action_deadline = absl::GetFlag(FLAGS_action_deadline),
      .restart_delay = absl::GetFlag(FLAGS_restart_delay),
      .max_restart_delay = absl::GetFlag(FLAGS_max_restart_delay),
      .healthy_after = absl::GetFlag(FLAGS_healthy_after),
      .max_events = absl::GetFlag(FLAGS_max_events),
      .max_event_streams = absl::GetFlag(FLAGS_max_event_streams),
      .max_event_streams_per_token =
          absl::GetFlag(FLAGS_max_event_streams_per_token),
      .max_log_bytes = absl::GetFlag(FLAGS_max_log_bytes),
      .webhook_hosts = absl::GetFlag(FLAGS_webhook_hosts),
      .webhooks_file = absl::GetFlag(FLAGS_webhooks_file),
      .webhook_ca_file = absl::GetFlag(FLAGS_webhook_ca_file),
      .webhook_retry_delay = absl::GetFlag(FLAGS_webhook_retry_delay),
      .cgroups = absl::GetFlag(FLAGS_cgroups)};
}

std::string_view StackHelp() {
  return "The instances of stacks go on, and the next start adopts them.";
}

}  // namespace tallyman::server
