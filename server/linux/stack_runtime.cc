#include "server/stack_runtime.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "api/host/process_owners.h"
#include "api/json/json_writer.h"
#include "api/metrics/metrics_writer.h"
#include "api/redaction/redaction.h"
#include "auth/clock.h"
#include "auth/token.h"
#include "platform/base/text.h"
#include "platform/process_lister.h"
#include "server/handlers/event_stream.h"
#include "server/handlers/instance_owners.h"
#include "server/handlers/session_change.h"
#include "server/handlers/stack_handlers.h"
#include "server/handlers/stack_lookup.h"
#include "server/handlers/stack_metrics.h"
#include "server/handlers/stack_services.h"
#include "server/handlers/stream_limits.h"
#include "server/handlers/token_change.h"
#include "server/linux/operator_file.h"
#include "server/linux/stacks_file.h"
#include "server/log/log.h"
#include "server/routing/router.h"
#include "server/stack_options.h"
#include "server/system/system.h"
#include "server/webhooks/webhook_service.h"
#include "stacks/keeper/daemon.h"
#include "stacks/model/event.h"
#include "stacks/model/notice.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/output/output_hub.h"
#include "stacks/output/output_log.h"
#include "stacks/registry/event_feed.h"
#include "stacks/registry/event_log.h"
#include "stacks/registry/sqlite_registry.h"
#include "stacks/supervisor/instance_store.h"
#include "stacks/supervisor/supervisor.h"
#include "storage/data_directory.h"
#include "storage/database.h"

namespace tallyman::server {
namespace {

std::string ServerName(const StackOptions& options) {
  if (!options.server_name.empty()) return options.server_name;
  std::string name = HostName();
  return name.empty() ? "localhost" : name;
}

void LogNotice(const Log& log, const stacks::Notice& notice) {
  const auto add = [&](api::JsonWriter& json) {
    json.Key("what");
    json.String(notice.what);
  };
  if (notice.severity == stacks::Notice::Severity::kError) {
    log.Error(notice.event, add);
  } else {
    log.Info(notice.event, add);
  }
}

class LinuxStackRuntime final : public StackRuntime {
 public:
  explicit LinuxStackRuntime(const StackOptions& options)
      : event_streams_({.max_per_token = options.max_event_streams_per_token,
                        .max_in_all = options.max_event_streams,
                        .content = "events",
                        .per_token_flag = "--max_event_streams_per_token",
                        .in_all_flag = "--max_event_streams"}) {}

  static absl::StatusOr<std::unique_ptr<StackRuntime>> Start(
      const StackOptions& options, const std::string& address,
      const storage::DataDirectory& directory, storage::Database& database,
      const platform::ProcessLister& lister, const api::Redactor& redactor,
      const Log& log);

  void AddRoutes(const api::Redactor& redactor, Router& router) override;
  absl::Status RecordToken(const TokenChange& change) override;
  absl::Status RecordSession(const SessionChange& change) override;
  std::shared_ptr<const api::ProcessOwners> ProcessOwners() const override;
  void WriteMetrics(api::MetricsWriter& writer) const override;
  std::optional<uint64_t> CountRounds() const override {
    return supervisor_->CountRounds();
  }
  const std::string& cgroups_not_used() const override {
    return cgroups_not_used_;
  }

 private:
  absl::Status OpenStores(const StackOptions& options,
                          const std::string& address,
                          const storage::DataDirectory& directory,
                          storage::Database& database);
  absl::Status StartOutputHub(const Log& log);
  absl::Status StartEventFeed(const api::Redactor& redactor, const Log& log);
  absl::Status StartWebhooks(const StackOptions& options,
                             storage::Database& database,
                             const api::Redactor& redactor, const Log& log);

  std::string server_uid_;
  std::string cgroups_not_used_;
  StreamLimits event_streams_;
  std::unique_ptr<stacks::EventLog> events_;
  std::unique_ptr<stacks::EventFeed> event_feed_;
  std::unique_ptr<stacks::InstanceStore> instances_;
  std::unique_ptr<stacks::SqliteRegistry> registry_;
  std::optional<stacks::OutputLogs> logs_;
  std::unique_ptr<stacks::OutputHub> output_hub_;
  std::unique_ptr<stacks::RegistryWatch> registry_watch_;  // For output_hub_.
  std::unique_ptr<WebhookService> webhooks_;
  std::unique_ptr<stacks::Supervisor> supervisor_;
};

absl::StatusOr<std::unique_ptr<StackRuntime>> LinuxStackRuntime::Start(
    const StackOptions& options, const std::string& address,
    const storage::DataDirectory& directory, storage::Database& database,
    const platform::ProcessLister& lister, const api::Redactor& redactor,
    const Log& log) {
  auto runtime = std::make_unique<LinuxStackRuntime>(options);
  if (absl::Status opened =
          runtime->OpenStores(options, address, directory, database);
      !opened.ok()) {
    return opened;
  }
  if (!options.stacks_file.empty()) {
    const absl::Status applied = ApplyStacksFile(
        options.stacks_file, *runtime->registry_, runtime->server_uid_,
        [&log](const stacks::Notice& notice) { LogNotice(log, notice); });
    if (!applied.ok()) {
      return absl::Status(applied.code(),
                          absl::StrCat("--stacks_file=", options.stacks_file,
                                       ": ", applied.message()));
    }
  }
  if (absl::Status started = runtime->StartOutputHub(log); !started.ok()) {
    return started;
  }
  if (absl::Status started = runtime->StartEventFeed(redactor, log);
      !started.ok()) {
    return started;
  }
  if (absl::Status started =
          runtime->StartWebhooks(options, database, redactor, log);
      !started.ok()) {
    return started;
  }
  auto supervisor = stacks::Supervisor::Start(
      {.server_uid = runtime->server_uid_,
       .directory = directory.path(),
       .backoff = {.initial = options.restart_delay,
                   .max = options.max_restart_delay,
                   .healthy_after = options.healthy_after},
       .settle_time = options.settle_time,
       .action_deadline = options.action_deadline,
       .default_open_files = options.default_open_files,
       .use_cgroups = options.cgroups,
       .notices =
           [&log, raw = runtime.get()](const stacks::Notice& notice) {
             // Comes before the supervisor has a thread.
             if (notice.event == "cgroups_not_used") {
               raw->cgroups_not_used_ = std::string(notice.what);
             }
             LogNotice(log, notice);
           }},
      {.database = database,
       .registry = *runtime->registry_,
       .instances = *runtime->instances_,
       .events = *runtime->events_,
       .logs = *runtime->logs_,
       .lister = lister});
  if (!supervisor.ok()) return supervisor.status();
  runtime->supervisor_ = *std::move(supervisor);
  return runtime;
}

absl::Status LinuxStackRuntime::OpenStores(
    const StackOptions& options, const std::string& address,
    const storage::DataDirectory& directory, storage::Database& database) {
  auto events = stacks::EventLog::Open(
      database, {.max_events_per_stack = options.max_events});
  if (!events.ok()) return events.status();
  events_ = *std::move(events);

  auto instances = stacks::InstanceStore::Open(database);
  if (!instances.ok()) return instances.status();
  instances_ = *std::move(instances);

  auto registry = stacks::SqliteRegistry::Open(database, *events_, {});
  if (!registry.ok()) return registry.status();
  registry_ = *std::move(registry);

  auto logs = stacks::OutputLogs::Open(directory.FilePath("logs"),
                                       {.max_bytes = options.max_log_bytes});
  if (!logs.ok()) return logs.status();
  logs_.emplace(*std::move(logs));

  absl::StatusOr<std::string> uid = instances_->ServerUid();
  if (!uid.ok()) return uid.status();
  server_uid_ = *std::move(uid);
  const absl::Time now = absl::Now();
  return registry_->PutServer({.uid = server_uid_,
                               .name = ServerName(options),
                               .address = address,
                               .created_at = now,
                               .updated_at = now});
}

absl::Status LinuxStackRuntime::StartOutputHub(const Log& log) {
  auto hub = stacks::OutputHub::Start(
      *logs_, {.exists =
                   [this](std::string_view uid, std::string_view process) {
                     return ProcessExists(*registry_, uid, process);
                   },
               .on_error =
                   [&log](const absl::Status& status) {
                     LogNotice(log,
                               {.severity = stacks::Notice::Severity::kError,
                                .event = "output_not_followed",
                                .what = status.message()});
                   }});
  if (!hub.ok()) return hub.status();
  output_hub_ = *std::move(hub);
  registry_watch_ = registry_->Watch([this] { output_hub_->CheckProcesses(); });
  return absl::OkStatus();
}

absl::Status LinuxStackRuntime::StartEventFeed(const api::Redactor& redactor,
                                               const Log& log) {
  auto feed = stacks::EventFeed::Start(
      *events_, std::make_shared<const EventStreamRenderer>(redactor),
      {.on_error = [&log](const absl::Status& status) {
        LogNotice(log, {.severity = stacks::Notice::Severity::kError,
                        .event = "events_not_followed",
                        .what = status.message()});
      }});
  if (!feed.ok()) return feed.status();
  event_feed_ = *std::move(feed);
  return absl::OkStatus();
}

absl::Status LinuxStackRuntime::StartWebhooks(const StackOptions& options,
                                              storage::Database& database,
                                              const api::Redactor& redactor,
                                              const Log& log) {
  std::optional<std::string> file;
  if (!options.webhooks_file.empty()) {
    absl::StatusOr<std::string> text = ReadOperatorFile(options.webhooks_file);
    if (!text.ok()) return text.status();
    file = *std::move(text);
  }
  auto webhooks = WebhookService::Start(
      {.hosts = options.webhook_hosts,
       .file = std::move(file),
       .ca_file = options.webhook_ca_file,
       .first_retry_delay = options.webhook_retry_delay,
       .on_error =
           [&log](const absl::Status& status) {
             LogNotice(log, {.severity = stacks::Notice::Severity::kError,
                             .event = "webhooks_not_delivered",
                             .what = status.message()});
           }},
      database, *events_, auth::SystemClock(), redactor);
  if (!webhooks.ok()) return webhooks.status();
  webhooks_ = *std::move(webhooks);
  return absl::OkStatus();
}

absl::Status LinuxStackRuntime::RecordToken(const TokenChange& change) {
  const bool is_revoked = change.kind == TokenChange::Kind::kRevoked;
  return events_->Append({{
      .time = absl::Now(),
      .kind = is_revoked ? stacks::EventKind::kTokenRevoked
                         : stacks::EventKind::kTokenCreated,
      .cause = absl::StrCat("token ", change.token.id, ", ",
                            base::Quote(change.token.name)),
      .user = change.user,
  }});
}

absl::Status LinuxStackRuntime::RecordSession(const SessionChange& change) {
  const bool has_ended = change.kind == SessionChange::Kind::kEnded;
  const auth::Token& token = change.session.token;
  return events_->Append({{
      .time = absl::Now(),
      .kind = has_ended ? stacks::EventKind::kSessionEnded
                        : stacks::EventKind::kSessionCreated,
      .cause =
          absl::StrCat("session ", change.session.id, " of token ", token.id,
                       ", ", base::Quote(token.name), ": ", change.reason),
      .user = change.user,
  }});
}

void LinuxStackRuntime::AddRoutes(const api::Redactor& redactor,
                                  Router& router) {
  AddStackRoutes({.registry = *registry_,
                  .status = *supervisor_,
                  .events = *events_,
                  .event_feed = *event_feed_,
                  .event_streams = event_streams_,
                  .logs = *logs_,
                  .output_hub = *output_hub_,
                  .redactor = redactor,
                  .server_uid = server_uid_},
                 router);
  webhooks_->AddRoutes(router);
}

std::shared_ptr<const api::ProcessOwners> LinuxStackRuntime::ProcessOwners()
    const {
  return OwnersOf(*registry_->Snapshot(), *supervisor_->Status());
}

void LinuxStackRuntime::WriteMetrics(api::MetricsWriter& writer) const {
  const std::shared_ptr<const stacks::RegistrySnapshot> registry =
      registry_->Snapshot();
  const std::shared_ptr<const stacks::StatusSnapshot> status =
      supervisor_->Status();
  WriteStackMetrics(*registry, *status, writer);
  WriteActionMetrics(
      *registry,
      [this](stacks::ActionKind kind) { return registry_->CountEnded(kind); },
      writer);
  webhooks_->WriteMetrics(writer);
  const absl::StatusOr<int64_t> events = events_->Count();
  if (!events.ok()) return;
  writer.BeginGauge("tallyman_event_log_events", "Events that are kept.");
  writer.Sample({}, *events);
}

}  // namespace

absl::StatusOr<std::unique_ptr<StackRuntime>> StackRuntime::Start(
    const StackOptions& options, const std::string& address,
    const storage::DataDirectory& directory, storage::Database& database,
    const platform::ProcessLister& lister, const api::Redactor& redactor,
    const Log& log) {
  return LinuxStackRuntime::Start(options, address, directory, database, lister,
                                  redactor, log);
}

std::optional<int> RunOtherProgram(const std::vector<std::string>& arguments) {
  if (arguments.size() < 2 || arguments[1] != stacks::kKeeperArgument) {
    return std::nullopt;
  }
  std::vector<std::string> copies = arguments;  // KeeperMain() wants char*.
  return stacks::KeeperMain(static_cast<int>(copies.size()),
                            PointersTo(copies).data());
}

}  // namespace tallyman::server
