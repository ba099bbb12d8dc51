// The server as a whole: builds and connects the stores, the routes, the HTTP
// server and the supervisor of stacks.

#ifndef TALLYMAN_SERVER_APP_H_
#define TALLYMAN_SERVER_APP_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "api/host/process_owners.h"
#include "api/metrics/metrics_writer.h"
#include "auth/auth_failure_limiter.h"
#include "auth/authenticator.h"
#include "auth/rate_limiter.h"
#include "auth/secret.h"
#include "auth/sign_in_code.h"
#include "auth/sqlite_client_store.h"
#include "auth/sqlite_count_store.h"
#include "auth/sqlite_session_store.h"
#include "auth/sqlite_token_store.h"
#include "platform/process_lister.h"
#include "server/config.h"
#include "server/handlers/stream_limits.h"
#include "server/http/http_server.h"
#include "server/lifecycle/watchdog.h"
#include "server/listeners.h"
#include "server/log/log.h"
#include "server/metrics/duration_histogram.h"
#include "server/metrics/request_metrics.h"
#include "server/net/listening_socket.h"
#include "server/routing/dispatcher.h"
#include "server/routing/router.h"
#include "server/routing/session_cookie.h"
#include "server/stack_runtime.h"
#include "server/watch/process_feed.h"
#include "storage/data_directory.h"
#include "storage/database.h"

namespace tallyman::server {

// Thread-safe where stated; else for the thread that made it.
class App {
 public:
  // Opens the data directory and the database, listens, adopts the instances of
  // stacks that run and starts missing ones. The error is one line that names
  // the obstacle: a port in use, another server on the same directory, an
  // unreadable database. `activated` as in Listeners::Open(). `log` must
  // outlive the app.
  static absl::StatusOr<std::unique_ptr<App>> Create(
      Config config, std::vector<ListeningSocket> activated, const Log& log);

  // The admin token that Create() made, since there was no valid one or
  // Config::new_admin_token is set. Only its hash is stored, so show it now.
  const std::optional<auth::Secret>& new_admin_token() const {
    return new_admin_token_;
  }

  // An address that signs a browser in as the holder of new_admin_token(), once
  // and within auth::SignInCode::kLifetime. Only its code's hash is kept: ""
  // from the second call on, and without a new token or an address of TCP.
  std::string TakeSignInUrl();

  // URLs that clients on this machine can connect to; not empty.
  std::vector<std::string> Urls() const { return listeners_->Urls(); }
  // See Listeners::ClearTextUrls().
  std::vector<std::string> ClearTextUrls() const {
    return listeners_->ClearTextUrls();
  }
  const std::string& data_dir() const { return directory_.path(); }

  // Serves until Stop(), and returns after the last request under way; see
  // HttpServer::Serve().
  absl::Status Serve();

  // Stops accepting connections and makes Serve() return. Thread-safe; does not
  // block.
  void Stop() { http_->Stop(); }

  // The threads of connections and of stacks, for a Watchdog. Between the
  // begin and the end of Serve(). Thread-safe.
  std::vector<Progress> CheckProgress() const;

  // Why instances get no cgroups although they may have them; "" if they do.
  const std::string& cgroups_not_used() const {
    return stacks_->cgroups_not_used();
  }

  // Reads certificate and key again and logs the result: SIGHUP. Without TLS
  // there is nothing to do. Thread-safe.
  void Reload();

  // Writes the counts of requests to the database. Thread-safe.
  absl::Status Flush() { return limiter_->Flush(); }

 private:
  App(Config config, const Log& log, storage::DataDirectory directory);

  absl::Status OpenStores();
  absl::Status OpenSessions();
  absl::Status MakeAdminTokenIfNeeded();
  // Writes or removes the file of local_access.h. An error is logged.
  void SetLocalAccess();
  absl::Status Listen(std::vector<ListeningSocket> activated);
  // All but those of stacks, which StartStacks() adds.
  absl::Status AddRoutes(absl::TimeZone zone);
  void AddTokenAndSessionRoutes();
  absl::Status StartProcessFeed(absl::TimeZone zone,
                                api::ProcessOwnersSource owners);
  void LogCertificate() const;
  absl::Status StartStacks();
  // Thread-safe.
  void WriteMetrics(api::MetricsWriter& writer) const;

  // Each depends only on those above it.
  const Config config_;
  const Log& log_;
  const absl::Time started_at_ = absl::Now();
  RequestMetrics request_metrics_;
  // Changed by WriteMetrics(), which lists processes too.
  mutable DurationHistogram list_durations_;
  storage::DataDirectory directory_;
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<auth::SqliteTokenStore> tokens_;
  std::unique_ptr<auth::SqliteSessionStore> sessions_;
  std::optional<SessionCookie> session_cookie_;
  std::unique_ptr<auth::SqliteClientStore> clients_;
  std::unique_ptr<auth::SqliteCountStore> counts_;
  std::unique_ptr<auth::Authenticator> authenticator_;
  std::unique_ptr<auth::RateLimiter> limiter_;
  auth::AuthFailureLimiter failures_;
  std::unique_ptr<platform::ProcessLister> lister_;
  StreamLimits process_streams_;
  Router router_;
  std::optional<Dispatcher> dispatcher_;
  std::unique_ptr<Listeners> listeners_;
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<StackRuntime> stacks_;
  // Its thread asks stacks_ for instances, so it ends before that. Handlers,
  // which the router has, use it while http_ serves.
  std::unique_ptr<ProcessFeed> process_feed_;
  std::optional<auth::Secret> new_admin_token_;
  std::unique_ptr<auth::SignInCode> sign_in_code_;  // Null: none was made.
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_APP_H_
