// The flags that concern stacks, as a value.

#ifndef TALLYMAN_SERVER_STACK_OPTIONS_H_
#define TALLYMAN_SERVER_STACK_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace tallyman::server {

// What each field means is in the help of the flag with its name.
struct StackOptions {
  std::string stacks_file;  // "" for none.
  std::string server_name;  // "" is the host's name.
  absl::Duration settle_time;
  absl::Duration action_deadline;
  absl::Duration restart_delay;
  absl::Duration max_restart_delay;
  absl::Duration healthy_after;
  int64_t max_events = 0;
  int64_t max_event_streams = 0;
  int64_t max_event_streams_per_token = 0;
  int64_t max_log_bytes = 0;
  std::vector<std::string> webhook_hosts;  // Empty: no webhooks.
  std::string webhooks_file;               // "" for none.
  std::string webhook_ca_file;             // "": those of the system.
  absl::Duration webhook_retry_delay;
  bool cgroups = true;
  // RLIMIT_NOFILE of instances whose definition has no limit; 0: the server's.
  int64_t default_open_files = 0;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_STACK_OPTIONS_H_
