#include "server/testing/stack_api.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/http/http.h"
#include "api/http/params.h"
#include "api/redaction/redaction.h"
#include "auth/authenticator.h"
#include "auth/clock.h"
#include "auth/rate_limiter.h"
#include "auth/sqlite_count_store.h"
#include "auth/sqlite_token_store.h"
#include "auth/token.h"
#include "nlohmann/json.hpp"
#include "server/handlers/event_stream.h"
#include "server/handlers/stack_handlers.h"
#include "server/handlers/stack_lookup.h"
#include "server/routing/cors.h"
#include "server/routing/dispatcher.h"
#include "stacks/model/status.h"
#include "stacks/output/output_hub.h"
#include "stacks/output/output_log.h"
#include "stacks/registry/event_feed.h"
#include "stacks/registry/event_log.h"
#include "stacks/registry/sqlite_registry.h"

namespace tallyman::server {
namespace {

// The value of `made`, which must be ok.
template <typename T>
T Take(absl::StatusOr<T> made) {
  CHECK_OK(made.status());
  return *std::move(made);
}

}  // namespace

FakeStatus::FakeStatus(std::string server_uid)
    : snapshot_(std::make_shared<stacks::StatusSnapshot>()) {
  snapshot_->server_uid = std::move(server_uid);
}

void FakeStatus::Set(std::string_view stack_uid, std::string_view process,
                     std::vector<stacks::InstanceStatus> instances,
                     const stacks::LifeCounts& counts) {
  auto status = std::make_shared<stacks::ProcessStatus>();
  status->counts = counts;
  for (const stacks::InstanceStatus& instance : instances) {
    status->running += instance.runs() ? 1 : 0;
    status->paused += instance.state == stacks::InstanceState::kPaused ? 1 : 0;
  }
  status->instances = std::move(instances);
  auto next = std::make_shared<stacks::StatusSnapshot>(*snapshot_);
  next->processes[{std::string(stack_uid), std::string(process)}] =
      std::move(status);
  snapshot_ = std::move(next);
}

std::string Answer::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

std::string Answer::Details() const {
  if (!json.contains("details") || !json["details"].is_string()) return "";
  return json["details"].get<std::string>();
}

StackApi::StackApi(const auth::Clock* clock)
    : still_(absl::FromUnixSeconds(1'600'000'000)),
      clock_(clock == nullptr ? still_ : *clock),
      tokens_(Take(auth::SqliteTokenStore::Open(*database_, clock_, {}))),
      counts_(Take(auth::SqliteCountStore::Open(*database_))),
      authenticator_(Take(auth::Authenticator::Create(*tokens_, clock_))),
      limiter_(Take(auth::RateLimiter::Create(*counts_, clock_, {}))),
      failures_(clock_, {}),
      cors_(Take(CorsPolicy::Parse("*"))),
      redactor_(Take(api::Redactor::Create(api::DefaultSecretNames()))),
      events_(Take(stacks::EventLog::Open(*database_, {}))),
      event_feed_(Take(stacks::EventFeed::Start(
          *events_, std::make_shared<const EventStreamRenderer>(*redactor_),
          {}))),
      event_streams_({.max_per_token = kMaxStreamsPerToken,
                      .max_in_all = kMaxStreams,
                      .content = "events",
                      .per_token_flag = "--max_event_streams_per_token",
                      .in_all_flag = "--max_event_streams"}),
      registry_(Take(stacks::SqliteRegistry::Open(*database_, *events_))),
      logs_(Take(stacks::OutputLogs::Open(directory_.path() + "/logs", {}))),
      output_hub_(Take(stacks::OutputHub::Start(
          *logs_, {.exists =
                       [this](std::string_view uid, std::string_view process) {
                         return ProcessExists(*registry_, uid, process);
                       }}))),
      registry_watch_(
          registry_->Watch([this] { output_hub_->CheckProcesses(); })),
      status_(std::string(kHere)) {
  for (const auto& [uid, name] :
       {std::pair(kHere, "server_name"), std::pair(kThere, "other_name")}) {
    CHECK_OK(registry_->PutServer({.uid = std::string(uid),
                                   .name = name,
                                   .address = "192.0.2.1",
                                   .created_at = clock_.Now(),
                                   .updated_at = clock_.Now()}));
  }
  AddStackRoutes({.registry = *registry_,
                  .status = status_,
                  .events = *events_,
                  .event_feed = *event_feed_,
                  .event_streams = event_streams_,
                  .logs = *logs_,
                  .output_hub = *output_hub_,
                  .redactor = *redactor_,
                  .server_uid = std::string(kHere)},
                 router_);
  dispatcher_.emplace(Dispatcher::Parts{.router = router_,
                                        .authenticator = *authenticator_,
                                        .limiter = *limiter_,
                                        .failures = failures_,
                                        .cors = cors_,
                                        .redactor = *redactor_,
                                        .log = nullptr,
                                        .log_requests = false,
                                        .zone = absl::UTCTimeZone(),
                                        .metrics = &request_metrics_});
  request_metrics_.SetOperations(router_.operations());
  admin_ = NewToken(auth::Scope::kAdmin, "operator");
  public_ = NewToken(auth::Scope::kPublic, "reader");
}

std::string StackApi::NewToken(auth::ScopeSet scopes, std::string_view name,
                               int64_t hourly_limit) const {
  const auth::NewToken token =
      Take(tokens_->Create({.name = std::string(name),
                            .scopes = scopes,
                            .hourly_limit = hourly_limit}));
  return absl::StrCat("Bearer ", token.value.Reveal());
}

api::Response StackApi::Respond(std::string_view method,
                                std::string_view target,
                                const AskOptions& options) const {
  api::Request request;
  request.method = method;
  const size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string_view::npos) {
    request.params = api::Params::Parse(target.substr(mark + 1));
  }
  request.headers = options.headers;
  request.headers.emplace_back("Authorization",
                               options.with_public_token ? public_ : admin_);
  if (!options.content_type.empty()) {
    request.headers.emplace_back("Content-Type", options.content_type);
  }
  request.body = options.body;
  request.remote_address = "192.0.2.2";
  return dispatcher_->Handle(request);
}

Answer StackApi::Ask(std::string_view method, std::string_view target,
                     const AskOptions& options) const {
  api::Response response = Respond(method, target, options);
  Answer answer = {.status = response.status,
                   .body = std::string(response.BodyView()),
                   .headers = std::move(response.headers)};
  if (!answer.body.empty()) {
    answer.json = nlohmann::ordered_json::parse(answer.body);
  }
  return answer;
}

std::string StackApi::MakeStack(std::string_view name) const {
  const Answer answer = Post(
      "/stacks", absl::StrCat(R"({"name":")", name,
                              R"(","environment":"production","procfile":)"
                              R"("web: bin/web --token=abc\nweb.v2: bin/web2\n)"
                              R"(worker: bin/work\n"})"));
  CHECK_EQ(answer.status, 201) << answer.body;
  return answer.json["response"][0]["uid"].get<std::string>();
}

}  // namespace tallyman::server
