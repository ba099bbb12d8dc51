// What the operator chose: the command-line flags as one value.

#ifndef TALLYMAN_SERVER_CONFIG_H_
#define TALLYMAN_SERVER_CONFIG_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/redaction/redaction.h"
#include "platform/process_lister.h"
#include "server/http/http_server.h"
#include "server/routing/cors.h"
#include "server/stack_runtime.h"

namespace tallyman::server {

struct Config {
  HttpServer::Options http;
  std::string data_dir;  // Not empty.
  platform::ProcessLister::Options processes;
  StackOptions stacks;
  CorsPolicy cors;
  std::unique_ptr<api::Redactor> redactor;  // Not null.
  bool log_requests = true;
  bool new_admin_token = false;
  // How long requests under way may go on after the wish to stop.
  absl::Duration stop_deadline;
};

// Reads the command line, and what --flagfile names, and ends the process for
// --help, --version and for flags that do not parse. InvalidArgument names the
// flag whose value makes no sense, or an argument that is no flag.
absl::StatusOr<Config> ConfigFromCommandLine(int argc, char** argv);

// Where data is kept unless --data_dir says otherwise: `tallyman` in
// $XDG_DATA_HOME or in ~/.local/share (XDG Base Directory Specification), and
// /var/lib/tallyman for a user without a home.
std::string DefaultDataDir();

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_CONFIG_H_
