// main() of the server: flags, start, signals, exit code; and of the keeper,
// which is the same binary with another first argument.

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "api/json/json_writer.h"
#include "auth/secret.h"
#include "server/app.h"
#include "server/config.h"
#include "server/lifecycle/process_loop.h"
#include "server/lifecycle/service_manager.h"
#include "server/lifecycle/watchdog.h"
#include "server/log/log.h"
#include "server/net/socket_activation.h"
#include "server/stack_runtime.h"
#include "server/system/rights.h"
#include "server/system/system.h"

namespace tallyman::server {
namespace {

// How long the log holds lines of requests back, so that one write(2) takes
// many.
constexpr absl::Duration kLogMaxDelay = absl::Milliseconds(10);

constexpr int kStandardError = 2;

// Prints the one line of a failed start; returns its exit code.
int Fail(const absl::Status& status) {
  std::cerr << "tallyman: " << status.message() << "\n";
  return 1;
}

void WarnOfClearText(const std::vector<std::string>& urls) {
  if (urls.empty()) return;
  const std::string rule(78, '!');
  std::cerr << rule << "\n!! WARNING: no TLS on " << absl::StrJoin(urls, ", ")
            << "\n!! Tokens cross the network in clear text: anyone on the "
               "way can use them.\n!! Set --tls_cert and --tls_key, or "
               "listen on 127.0.0.1 behind a proxy with TLS.\n"
            << rule << "\n";
}

// Prints the address, and the token if one was made. Standard output has
// nothing else; the log goes to standard error.
void Greet(App& app) {
  const std::vector<std::string> urls = app.Urls();
  std::cout << "Tallyman listens on " << absl::StrJoin(urls, ", ")
            << ", with its data in " << app.data_dir() << "\n";
  if (app.new_admin_token()) {
    const std::string_view token = app.new_admin_token()->Reveal();
    std::cout << "\nA new admin token, shown only this once:\n\n  " << token
              << "\n\n";
    if (const std::string address = app.TakeSignInUrl(); !address.empty()) {
      std::cout
          << "Open this address in a browser to sign in with it. It works "
             "once, and for ten\nminutes from now:\n\n  "
          << address << "\n\n";
    }
    std::cout << "Try it:\n\n  curl -H 'Authorization: Bearer " << token << "' "
              << urls.front() << "/server/processes\n\n";
  }
  std::cout.flush();
  WarnOfClearText(app.ClearTextUrls());
}

// Gives the threads that handle signals access to the app while it can serve.
// Thread-safe.
class ServingApp {
 public:
  // Starts the access. Stops `app` if Stop() was called before.
  void Set(std::shared_ptr<App> app) ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    app_ = std::move(app);
    if (is_stopped_) app_->Stop();
  }
  // Ends the access.
  void Clear() ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    app_ = nullptr;
  }
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    is_stopped_ = true;
    if (app_ != nullptr) app_->Stop();
  }
  bool is_stopped() const ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    return is_stopped_;
  }
  // Null before Set() and after Clear().
  std::shared_ptr<App> get() const ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    return app_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::shared_ptr<App> app_ ABSL_GUARDED_BY(mutex_);
  bool is_stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

// Saves and logs what can be saved when a stop is cut short.
void GiveUp(const ServingApp& serving, const Log& log) {
  const std::shared_ptr<App> app = serving.get();
  if (app == nullptr) {
    log.Error("stop_cut_short");
    return;
  }
  // Both may hang, and neither keeps the other from its end.
  const auto log_stop = [&log] {
    log.Error("stopped_with_requests_under_way");
  };
  std::thread logging;
  try {
    logging = std::thread(log_stop);
  } catch (const std::system_error&) {
    // The system starts no further thread: the line follows the flush.
  }
  const absl::Status flushed = app->Flush();
  if (logging.joinable()) {
    logging.join();
  } else {
    log_stop();
  }
  if (!flushed.ok()) log.Error("counts_not_written");
}

// The threads that the watchdog waits for; none before the app serves. A stop
// has a deadline of its own.
std::vector<Progress> CheckProgress(const ServingApp& serving) {
  const std::shared_ptr<App> app = serving.get();
  if (app == nullptr || serving.is_stopped()) return {};
  return app->CheckProgress();
}

// One line about all that the server cannot do, if there is something.
void LogMissingRights(std::vector<std::string> missing,
                      const std::string& cgroups_not_used, const Log& log) {
  if (!cgroups_not_used.empty()) {
    missing.push_back(
        absl::StrCat("cgroups for instances (", cgroups_not_used, ")"));
  }
  if (missing.empty()) return;
  log.Info("rights_missing", [&](api::JsonWriter& json) {
    json.Key("missing");
    json.BeginArray();
    for (const std::string& each : missing) json.String(each);
    json.EndArray();
  });
}

int Main(int argc, char** argv) {
  const std::vector<std::string> arguments = Arguments(argc, argv);
  if (const std::optional<int> code = RunOtherProgram(arguments)) return *code;
  // `bazel run` starts the program in another directory; relative paths of the
  // command line are relative to the user's.
  // NOLINTNEXTLINE(concurrency-mt-unsafe): the process has one thread.
  if (const char* const user_dir = std::getenv("BUILD_WORKING_DIRECTORY")) {
    std::error_code error;
    std::filesystem::current_path(user_dir, error);
    if (error) return Fail(absl::ErrnoToStatus(error.value(), user_dir));
  }
  absl::StatusOr<Config> config = ConfigFromCommandLine(arguments);
  if (!config.ok()) return Fail(config.status());
  // Before any thread: they change the environment.
  auto activated = TakeActivatedSockets({});
  if (!activated.ok()) return Fail(activated.status());
  const NotifyVariables notify = TakeNotifyVariables();
  config->stacks.default_open_files = RaiseOpenFiles();

  // Without either, SIGHUP ends the process, as it does any other.
  const bool reloads =
      config->network.tls.has_value() || notify.socket.has_value();
  BlockProcessSignals(reloads);
  IgnoreBrokenPipes();

  // Never destroyed: the process loop uses both until the process ends.
  static const Log& log = *new Log(kStandardError, kLogMaxDelay);
  static ServingApp& serving = *new ServingApp;
  absl::StatusOr<ServiceManager> created_manager =
      ServiceManager::Create(notify, [](const absl::Status& status) {
        log.Error("service_manager_not_notified", [&](api::JsonWriter& json) {
          json.Key("reason");
          json.String(status.message());
        });
      });
  if (!created_manager.ok()) return Fail(created_manager.status());
  static const ServiceManager& manager =
      *new ServiceManager(*std::move(created_manager));
  std::function<void()> reload;
  if (reloads) {
    reload = [] {
      const std::shared_ptr<App> app = serving.get();
      if (app == nullptr) return;
      manager.Reloading();
      app->Reload();
      manager.Reloaded();
    };
  }
  std::optional<Watchdog::Options> watchdog;
  if (manager.watchdog_time() < absl::InfiniteDuration()) {
    watchdog = {.time = manager.watchdog_time(),
                .progress = [] { return CheckProgress(serving); },
                .ping = [] { manager.Ping(); },
                .on_hang =
                    [](std::string_view name) {
                      log.Error("thread_hangs", [&](api::JsonWriter& json) {
                        json.Key("thread");
                        json.String(name);
                      });
                    }};
  }
  if (const absl::Status started = StartProcessLoop(
          {.stop =
               [] {
                 log.Info("stopping");
                 manager.Stopping();
                 serving.Stop();
               },
           .give_up = [] { GiveUp(serving, log); }},
          config->stop_deadline, std::move(reload), std::move(watchdog));
      !started.ok()) {
    return Fail(started);
  }

  // Before the app starts programs: it opens files of /proc.
  const std::vector<std::string> missing_rights = MissingRights("/proc");
  absl::StatusOr<std::unique_ptr<App>> created =
      App::Create(*std::move(config), *std::move(activated), log);
  if (!created.ok()) return Fail(created.status());
  std::shared_ptr<App> app = *std::move(created);
  Greet(*app);
  log.Info("listening", [&](api::JsonWriter& json) {
    json.Key("url");
    json.String(app->Urls().front());
    json.Key("urls");
    json.BeginArray();
    for (const std::string& url : app->Urls()) json.String(url);
    json.EndArray();
  });
  for (const std::string& url : app->ClearTextUrls()) {
    log.Error("clear_text", [&](api::JsonWriter& json) {
      json.Key("url");
      json.String(url);
    });
  }
  LogMissingRights(missing_rights, app->cgroups_not_used(), log);
  serving.Set(app);
  manager.Ready(absl::StrCat("listens on ", absl::StrJoin(app->Urls(), ", ")));
  absl::Status served = app->Serve();
  if (served.ok()) served = app->Flush();
  serving.Clear();
  app.reset();
  if (!served.ok()) return Fail(served);
  log.Info("stopped");
  return 0;
}

}  // namespace
}  // namespace tallyman::server

int main(int argc, char** argv) { return tallyman::server::Main(argc, argv); }
