// The command-line flags as one value. A new flag: config.cc defines and checks
// it, Config carries it.

#ifndef TALLYMAN_SERVER_CONFIG_H_
#define TALLYMAN_SERVER_CONFIG_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/redaction/redaction.h"
#include "platform/process_lister.h"
#include "server/network_flags.h"
#include "server/routing/cors.h"
#include "server/stack_runtime.h"

namespace tallyman::server {

struct Config {
  NetworkConfig network;
  std::string data_dir;  // Not empty.
  platform::ProcessLister::Options processes;
  StackOptions stacks;
  CorsPolicy cors;
  std::unique_ptr<api::Redactor> redactor;  // Not null.
  bool log_requests = true;
  bool new_admin_token = false;
  // The longest time from a signal to stop to the end of the process.
  absl::Duration stop_deadline;
};

// Parses the command line, and the files that --flagfile names. Exits for
// --help, --version and flags that do not parse. InvalidArgument names a flag
// whose value is out of range, or an argument that is not a flag.
absl::StatusOr<Config> ConfigFromCommandLine(int argc, char** argv);

// The default of --data_dir: `tallyman` in $XDG_DATA_HOME or in ~/.local/share
// (XDG Base Directory Specification), and /var/lib/tallyman for a user without
// a home directory.
std::string DefaultDataDir();

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_CONFIG_H_
