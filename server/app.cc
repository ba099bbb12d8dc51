#include "server/app.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "api/host/process_owners.h"
#include "api/json/json_writer.h"
#include "api/metrics/metrics_writer.h"
#include "auth/authenticator.h"
#include "auth/clock.h"
#include "auth/rate_limiter.h"
#include "auth/secret.h"
#include "auth/sign_in_code.h"
#include "auth/sqlite_client_store.h"
#include "auth/sqlite_count_store.h"
#include "auth/sqlite_session_store.h"
#include "auth/sqlite_token_store.h"
#include "auth/token.h"
#include "auth/token_store.h"
#include "platform/base/version.h"
#include "platform/process.h"
#include "platform/process_lister.h"
#include "server/config.h"
#include "server/handlers/client_handlers.h"
#include "server/handlers/description_handlers.h"
#include "server/handlers/health_handlers.h"
#include "server/handlers/host_handlers.h"
#include "server/handlers/host_metrics.h"
#include "server/handlers/host_process_handler.h"
#include "server/handlers/metrics_handlers.h"
#include "server/handlers/oauth_handlers.h"
#include "server/handlers/page_handlers.h"
#include "server/handlers/session_change.h"
#include "server/handlers/session_handlers.h"
#include "server/handlers/token_change.h"
#include "server/handlers/token_handlers.h"
#include "server/http/http_server.h"
#include "server/lifecycle/watchdog.h"
#include "server/listeners.h"
#include "server/local_access.h"
#include "server/log/log.h"
#include "server/page/page_assets.h"
#include "server/routing/dispatcher.h"
#include "server/server_metrics.h"
#include "server/stack_runtime.h"
#include "server/tls/tls_acceptor.h"
#include "server/watch/process_feed.h"
#include "storage/data_directory.h"
#include "storage/database.h"

namespace tallyman::server {
namespace {

constexpr std::string_view kDatabaseFile = "tallyman.db";

void LogReason(const Log& log, std::string_view event,
               std::string_view reason) {
  log.Error(event, [&](api::JsonWriter& json) {
    json.Key("reason");
    json.String(reason);
  });
}

}  // namespace

App::App(Config config, const Log& log, storage::DataDirectory directory)
    : config_(std::move(config)),
      log_(log),
      directory_(std::move(directory)),
      failures_(auth::SystemClock(), {}),
      process_streams_({.max_per_token = config_.max_process_streams_per_token,
                        .max_in_all = config_.max_process_streams,
                        .content = "processes",
                        .per_token_flag = "--max_process_streams_per_token",
                        .in_all_flag = "--max_process_streams"}) {}

absl::StatusOr<std::unique_ptr<App>> App::Create(
    Config config, std::vector<ListeningSocket> activated, const Log& log) {
  absl::StatusOr<storage::DataDirectory> directory =
      storage::DataDirectory::Open(config.data_dir);
  if (!directory.ok()) return directory.status();
  std::unique_ptr<App> app(
      new App(std::move(config), log, *std::move(directory)));
  if (absl::Status opened = app->OpenStores(); !opened.ok()) return opened;
  // Only a server that has the port may run processes, or make a token, which
  // can be shown only once.
  if (absl::Status listening = app->Listen(std::move(activated));
      !listening.ok()) {
    return listening;
  }
  if (absl::Status started = app->StartStacks(); !started.ok()) return started;
  if (absl::Status made = app->MakeAdminTokenIfNeeded(); !made.ok()) {
    return made;
  }
  app->SetLocalAccess();
  return app;
}

absl::Status App::OpenStores() {
  const auth::Clock& clock = auth::SystemClock();
  auto database =
      storage::Database::Open(directory_.FilePath(kDatabaseFile), {});
  if (!database.ok()) return database.status();
  database_ = *std::move(database);

  auto tokens = auth::SqliteTokenStore::Open(*database_, clock, {});
  if (!tokens.ok()) return tokens.status();
  tokens_ = *std::move(tokens);

  auto clients = auth::SqliteClientStore::Open(*database_, *tokens_, clock, {});
  if (!clients.ok()) return clients.status();
  clients_ = *std::move(clients);

  auto counts = auth::SqliteCountStore::Open(*database_);
  if (!counts.ok()) return counts.status();
  counts_ = *std::move(counts);

  if (absl::Status opened = OpenSessions(); !opened.ok()) return opened;
  auto authenticator =
      auth::Authenticator::Create(*tokens_, clock, &sessions_->index());
  if (!authenticator.ok()) return authenticator.status();
  authenticator_ = *std::move(authenticator);

  auto limiter = auth::RateLimiter::Create(
      *counts_, clock, {.on_write_error = [this](const absl::Status& status) {
        LogReason(log_, "counts_not_written", status.message());
      }});
  if (!limiter.ok()) return limiter.status();
  limiter_ = *std::move(limiter);

  auto lister = platform::ProcessLister::Create(config_.processes);
  if (!lister.ok()) return lister.status();
  lister_ = *std::move(lister);
  return absl::OkStatus();
}

absl::Status App::OpenSessions() {
  auth::SqliteSessionStoreOptions options;
  options.on_write_error = [this](const absl::Status& status) {
    LogReason(log_, "sessions_not_written", status.message());
  };
  auto sessions = auth::SqliteSessionStore::Open(*database_, *tokens_,
                                                 auth::SystemClock(), options);
  if (!sessions.ok()) return sessions.status();
  sessions_ = *std::move(sessions);
  session_cookie_.emplace(sessions_->label());
  return absl::OkStatus();
}

absl::Status App::Listen(std::vector<ListeningSocket> activated) {
  auto listeners = Listeners::Open(config_.network, std::move(activated));
  if (!listeners.ok()) return listeners.status();
  listeners_ = *std::move(listeners);
  if (listeners_->tls() != nullptr) LogCertificate();
  const absl::TimeZone zone = absl::LocalTimeZone();
  if (absl::Status added = AddRoutes(zone); !added.ok()) return added;
  dispatcher_.emplace(
      Dispatcher::Parts{.router = router_,
                        .authenticator = *authenticator_,
                        .limiter = *limiter_,
                        .failures = failures_,
                        .cors = config_.cors,
                        .redactor = *config_.redactor,
                        .log = &log_,
                        .log_requests = config_.log_requests,
                        .zone = zone,
                        .proxies = &config_.network.proxies,
                        .hosts = &config_.network.hosts,
                        .session_cookie = &*session_cookie_,
                        .hsts_max_age = config_.network.hsts_max_age,
                        .metrics = &request_metrics_});
  HttpServer::Options options = config_.network.http;
  options.on_exhausted = [this](int error) {
    LogReason(log_, "connections_wait",
              absl::ErrnoToStatus(error, "accept").message());
  };
  options.free_descriptors = [this] { return lister_->CloseKeptDescriptors(); };
  options.on_refusing = [this](const absl::Status& reason) {
    LogReason(log_, "requests_refused", reason.message());
  };
  options.on_dropped = [this](std::string_view peer, std::string_view reason) {
    log_.Info("connection_dropped", [&](api::JsonWriter& json) {
      json.Key("remote");
      json.String(peer);
      json.Key("reason");
      json.String(reason);
    });
  };
  http_ = std::make_unique<HttpServer>(listeners_->Sockets(), *dispatcher_,
                                       std::move(options));
  return absl::OkStatus();
}

absl::Status App::AddRoutes(absl::TimeZone zone) {
  // Requests come once the stacks have started.
  const auto owners = [this] { return stacks_->ProcessOwners(); };
  if (absl::Status started = StartProcessFeed(zone, owners); !started.ok()) {
    return started;
  }
  AddHostRoutes(*lister_, *config_.redactor, zone, list_durations_, owners,
                {.feed = *process_feed_, .limits = process_streams_}, router_);
  AddHostProcessRoute(*lister_, config_.processes.proc_root, *config_.redactor,
                      zone, owners, router_);
  AddTokenAndSessionRoutes();
  AddHealthRoutes(*database_, log_, router_);
  AddPageRoutes(PageAssets(), router_);
  AddMetricsRoute([this](api::MetricsWriter& writer) { WriteMetrics(writer); },
                  config_.metrics_public, router_);
  return absl::OkStatus();
}

void App::AddTokenAndSessionRoutes() {
  // A change is made: its answer does not fail for its event.
  const OnTokenChange on_token_change = [this](const TokenChange& change) {
    if (absl::Status recorded = stacks_->RecordToken(change); !recorded.ok()) {
      LogReason(log_, "token_event_not_recorded", recorded.message());
    }
  };
  AddTokenRoutes(*tokens_, router_, on_token_change);
  AddOAuthRoutes({.clients = *clients_,
                  .tokens = *tokens_,
                  .authenticator = *authenticator_,
                  .limiter = *limiter_,
                  .failures = failures_,
                  .on_token_change = on_token_change},
                 router_);
  AddClientRoutes(*clients_, router_, on_token_change);
  AddSessionRoutes(
      {.sessions = *sessions_,
       .cookie = *session_cookie_,
       .authenticator = *authenticator_,
       .limiter = *limiter_,
       .failures = failures_,
       .code = sign_in_code_,
       .on_change =
           [this](const SessionChange& change) {
             if (absl::Status recorded = stacks_->RecordSession(change);
                 !recorded.ok()) {
               LogReason(log_, "session_event_not_recorded",
                         recorded.message());
             }
           }},
      router_);
}

absl::Status App::StartProcessFeed(absl::TimeZone zone,
                                   api::ProcessOwnersSource owners) {
  auto feed = ProcessFeed::Start(
      [this](const platform::ProcessQuery& query) {
        const absl::Duration begin = auth::SystemClock().Elapsed();
        auto snapshot = lister_->List(query);
        if (snapshot.ok()) {
          list_durations_.Observe(auth::SystemClock().Elapsed() - begin);
        }
        return snapshot;
      },
      {.redactor = *config_.redactor, .zone = zone},
      {.owners = std::move(owners),
       .on_error = [this](const absl::Status& status) {
         LogReason(log_, "processes_not_watched", status.message());
       }});
  if (!feed.ok()) return feed.status();
  process_feed_ = *std::move(feed);
  return absl::OkStatus();
}

absl::Status App::StartStacks() {
  auto runtime =
      StackRuntime::Start(config_.stacks, Urls().front(), directory_,
                          *database_, *lister_, *config_.redactor, log_);
  if (!runtime.ok()) return runtime.status();
  stacks_ = *std::move(runtime);
  // The router may still change: Serve() has not begun.
  stacks_->AddRoutes(*config_.redactor, router_);
  AddDescriptionRoutes(base::Version(), router_);
  request_metrics_.SetOperations(router_.operations());
  return absl::OkStatus();
}

void App::WriteMetrics(api::MetricsWriter& writer) const {
  WriteProgramMetrics(base::Version(), started_at_, writer);
  request_metrics_.Write(writer);
  WriteConnectionMetrics(http_->counts(), writer);
  if (listeners_->tls() != nullptr) {
    WriteCertificateMetrics(listeners_->tls()->certificate_expiry(), writer);
  }
  WriteHostMetrics(*lister_, list_durations_, writer);
  WriteDatabaseMetrics(*database_, writer);
  stacks_->WriteMetrics(writer);
}

absl::Status App::MakeAdminTokenIfNeeded() {
  absl::StatusOr<std::vector<auth::Token>> tokens = tokens_->List();
  if (!tokens.ok()) return tokens.status();
  // SetLocalAccess() revokes these.
  if (!config_.local_access) std::erase_if(*tokens, IsLocalAccessToken);
  if (auth::HasValidAdmin(*tokens, auth::SystemClock().Now()) &&
      !config_.new_admin_token) {
    return absl::OkStatus();
  }
  absl::StatusOr<auth::NewToken> made =
      tokens_->Create({.name = "admin", .scopes = auth::Scope::kAdmin});
  if (!made.ok()) return made.status();
  new_admin_token_ = std::move(made->value);
  auto code = auth::SignInCode::Create(made->token.id, auth::SystemClock());
  if (!code.ok()) return code.status();
  sign_in_code_ = *std::move(code);
  return absl::OkStatus();
}

void App::SetLocalAccess() {
  const std::string path = directory_.FilePath(kLocalAccessFile);
  const absl::Status set =
      config_.local_access
          ? WriteLocalAccess(path, Urls(), *tokens_, *authenticator_)
          : RemoveLocalAccess(path, *tokens_);
  if (!set.ok()) LogReason(log_, "local_access_not_set", set.message());
}

std::string App::TakeSignInUrl() {
  if (sign_in_code_ == nullptr) return "";
  const std::string url = Urls().front();
  const auth::Secret code = sign_in_code_->TakeValue();
  if (code.empty() || !absl::StartsWith(url, "http")) return "";
  return absl::StrCat(url, "/#code=", code.Reveal());
}

void App::LogCertificate() const {
  const TlsAcceptor& tls = *listeners_->tls();
  log_.Info("certificate", [&](api::JsonWriter& json) {
    json.Key("subject");
    json.String(tls.subject());
    json.Key("expires");
    json.String(tls.DescribeExpiry(absl::Now()));
  });
  for (const std::string& warning : tls.warnings()) {
    LogReason(log_, "certificate_warning", warning);
  }
}

std::vector<Progress> App::CheckProgress() const {
  std::vector<Progress> threads;
  for (const uint64_t rounds : http_->CountRounds()) {
    threads.push_back({.name = "connections", .rounds = rounds});
  }
  if (const std::optional<uint64_t> rounds = stacks_->CountRounds()) {
    threads.push_back({.name = "stacks", .rounds = *rounds});
  }
  return threads;
}

void App::Reload() {
  if (listeners_->tls() == nullptr) return;
  if (absl::Status read = listeners_->tls()->Reload(); !read.ok()) {
    // The old certificate stays.
    LogReason(log_, "certificate_not_read", read.message());
    return;
  }
  LogCertificate();
}

absl::Status App::Serve() {
  http_->Serve();
  return absl::OkStatus();
}

}  // namespace tallyman::server
