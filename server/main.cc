// The server's main(): flags, start, signals, exit code.

#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/json/json_writer.h"
#include "auth/secret.h"
#include "server/app.h"
#include "server/config.h"
#include "server/lifecycle/orphan_reaper.h"
#include "server/lifecycle/stop_signals.h"
#include "server/log/log.h"
#include "stacks/keeper/daemon.h"

namespace tallyman::server {
namespace {

// How late the log of requests may be: many of them are written at once.
constexpr absl::Duration kLogLateness = absl::Milliseconds(10);

// One clear line, and the exit code of a failed start.
int Fail(const absl::Status& status) {
  std::cerr << "tallyman: " << status.message() << "\n";
  return 1;
}

// Tells whoever started it where to go. Standard output is for this alone; the
// log goes to standard error.
void Greet(const App& app) {
  std::cout << "Tallyman listens on " << app.Url() << ", with its data in "
            << app.data_dir() << "\n";
  if (app.new_admin_token()) {
    const std::string_view token = app.new_admin_token()->Reveal();
    std::cout << "\nA new admin token, shown only this once:\n\n  " << token
              << "\n\nTry it:\n\n  curl -H 'Authorization: Bearer " << token
              << "' " << app.Url() << "/server/processes\n\n";
  }
  std::cout.flush();
}

// Each instance and each connection needs descriptors: allows as many as the
// system does. Returns the limit that programs expect, which was there before.
int64_t RaiseOpenFiles() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const int64_t before = limit.rlim_cur == RLIM_INFINITY
                             ? 0
                             : static_cast<int64_t>(limit.rlim_cur);
  limit.rlim_cur = limit.rlim_max;
  // Where it fails the limit stays as it is.
  setrlimit(RLIMIT_NOFILE, &limit);
  return before;
}

int Main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == stacks::kKeeperArgument) {
    return stacks::KeeperMain(argc, argv);
  }
  // Under `bazel run` the program starts elsewhere than its user; paths mean
  // what they mean to the user.
  // NOLINTNEXTLINE(concurrency-mt-unsafe): there are no threads yet.
  if (const char* const user_dir = std::getenv("BUILD_WORKING_DIRECTORY")) {
    if (chdir(user_dir) != 0) {
      return Fail(absl::ErrnoToStatus(errno, user_dir));
    }
  }
  absl::StatusOr<Config> config = ConfigFromCommandLine(argc, argv);
  if (!config.ok()) return Fail(config.status());
  config->stacks.default_open_files = RaiseOpenFiles();

  StopSignals::Block();
  std::optional<OrphanReaper> reaper;
  if (getpid() == 1) {
    OrphanReaper::Block();
    reaper.emplace();
  }
  // A client that is gone is an error of write(2), not the end of the server.
  std::signal(SIGPIPE, SIG_IGN);

  const Log log(STDERR_FILENO, kLogLateness);
  const absl::Duration stop_deadline = config->stop_deadline;
  absl::StatusOr<std::unique_ptr<App>> created =
      App::Create(*std::move(config), log);
  if (!created.ok()) return Fail(created.status());
  App& app = **created;

  absl::Status served;
  {
    const StopSignals signals(
        {.stop =
             [&] {
               log.Info("stopping");
               app.Stop();
             },
         .give_up =
             [&] {
               log.Error("stopped_with_requests_under_way");
               if (!app.Flush().ok()) log.Error("counts_not_written");
               _exit(0);
             }},
        stop_deadline);
    Greet(app);
    log.Info("listening", [&](api::JsonWriter& json) {
      json.Key("url");
      json.String(app.Url());
    });
    served = app.Serve();
  }
  if (!served.ok()) return Fail(served);
  if (const absl::Status flushed = app.Flush(); !flushed.ok()) {
    return Fail(flushed);
  }
  log.Info("stopped");
  return 0;
}

}  // namespace
}  // namespace tallyman::server

int main(int argc, char** argv) { return tallyman::server::Main(argc, argv); }
