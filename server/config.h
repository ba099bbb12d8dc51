// The command-line flags as one value. A new flag: config.cc defines and checks
// it, Config carries it.

#ifndef TALLYMAN_SERVER_CONFIG_H_
#define TALLYMAN_SERVER_CONFIG_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/redaction/redaction.h"
#include "platform/process_lister.h"
#include "server/network_flags.h"
#include "server/routing/cors.h"
#include "server/stack_options.h"

namespace tallyman::server {

struct Config {
  NetworkConfig network;
  std::string data_dir;  // Not empty.
  platform::ProcessLister::Options processes;
  // Of GET /server/processes?watch=.
  int64_t max_process_streams = 0;
  int64_t max_process_streams_per_token = 0;
  StackOptions stacks;
  CorsPolicy cors;
  std::unique_ptr<api::Redactor> redactor;  // Not null.
  bool log_requests = true;
  bool metrics_public = false;  // /metrics needs no token.
  bool new_admin_token = false;
  bool local_access = true;  // See local_access.h.
  // The longest time from a signal to stop to the end of the process.
  absl::Duration stop_deadline;
};

// Parses the command line, whose first item is the name of the program, and the
// files that --flagfile names. Exits for
// --help, --version and flags that do not parse. InvalidArgument names a flag
// whose value is out of range, or an argument that is not a flag.
absl::StatusOr<Config> ConfigFromCommandLine(
    const std::vector<std::string>& given);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_CONFIG_H_
