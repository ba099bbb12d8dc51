// The API of stacks for tests of handlers: the real dispatcher, registry and
// tokens, without sockets and processes. FakeStatus takes the supervisor's
// place.
//
//   StackApi api;
//   const Answer answer = api.Get("/stacks");

#ifndef TALLYMAN_SERVER_TESTING_STACK_API_H_
#define TALLYMAN_SERVER_TESTING_STACK_API_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/http.h"
#include "api/redaction/redaction.h"
#include "auth/auth_failure_limiter.h"
#include "auth/authenticator.h"
#include "auth/clock.h"
#include "auth/fake_clock.h"
#include "auth/rate_limiter.h"
#include "auth/sqlite_count_store.h"
#include "auth/sqlite_token_store.h"
#include "auth/token.h"
#include "nlohmann/json.hpp"
#include "platform/testing/temp_directory.h"
#include "server/handlers/stream_limits.h"
#include "server/metrics/request_metrics.h"
#include "server/routing/cors.h"
#include "server/routing/dispatcher.h"
#include "server/routing/router.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/output/output_hub.h"
#include "stacks/output/output_log.h"
#include "stacks/registry/event_feed.h"
#include "stacks/registry/event_log.h"
#include "stacks/registry/sqlite_registry.h"
#include "storage/testing/test_database.h"

namespace tallyman::server {

// Reports the instances that a test sets.
class FakeStatus final : public stacks::StatusSource {
 public:
  explicit FakeStatus(std::string server_uid);

  void Set(std::string_view stack_uid, std::string_view process,
           std::vector<stacks::InstanceStatus> instances,
           const stacks::LifeCounts& counts = {});

  std::shared_ptr<const stacks::StatusSnapshot> Status() const override {
    return snapshot_;
  }

 private:
  std::shared_ptr<stacks::StatusSnapshot> snapshot_;
};

struct Answer {
  int status = 0;
  nlohmann::ordered_json json;  // Null if there is no body.
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;

  // The value of a header, whose name is compared exactly; "" if it is missing.
  std::string Header(std::string_view name) const;
  // The member "details" of an error; "" if it is missing.
  std::string Details() const;
};

struct AskOptions {
  std::string_view body = {};
  std::string_view content_type = {};
  std::vector<std::pair<std::string_view, std::string_view>> headers = {};
  bool with_public_token = false;  // Instead of the admin's.
};

// Has two servers; kHere is this one. Each object has its own database and
// directory. Dies (CHECK) on errors. Not thread-safe.
class StackApi {
 public:
  static constexpr std::string_view kHere = "e63e859d5ab72b0bcf14321f0ffb013d";
  static constexpr std::string_view kThere = "0c2f4e8d9b7a4c6e8f1a3b5d7c9e0f24";

  StackApi() : StackApi(nullptr) {}
  // `clock` must outlive the object; null: a clock that stands still.
  explicit StackApi(const auth::Clock* clock);
  StackApi(const StackApi&) = delete;
  StackApi& operator=(const StackApi&) = delete;

  Answer Ask(std::string_view method, std::string_view target,
             const AskOptions& options = {}) const;
  // The response itself, whose body may be a stream.
  api::Response Respond(std::string_view method, std::string_view target,
                        const AskOptions& options = {}) const;
  Answer Get(std::string_view target) const { return Ask("GET", target); }
  // With a JSON body.
  Answer Post(std::string_view target, std::string_view json) const {
    return Ask("POST", target,
               {.body = json, .content_type = "application/json"});
  }

  // Makes a stack with the processes web, web.v2 and worker; its uid.
  std::string MakeStack(std::string_view name = "shop") const;

  // Makes a token; the value of its header Authorization.
  std::string NewToken(auth::ScopeSet scopes, std::string_view name,
                       int64_t hourly_limit = auth::kDefaultHourlyLimit) const;

  const Dispatcher& dispatcher() const { return *dispatcher_; }
  FakeStatus& status() { return status_; }
  stacks::SqliteRegistry& registry() { return *registry_; }
  const stacks::OutputLogs& logs() { return *logs_; }
  stacks::OutputHub& output_hub() { return *output_hub_; }
  auth::SqliteTokenStore& tokens() { return *tokens_; }
  stacks::EventLog& events() { return *events_; }

  // The limits of streams of events.
  static constexpr int64_t kMaxStreamsPerToken = 2;
  static constexpr int64_t kMaxStreams = 3;

 private:
  const auth::FakeClock still_;
  const auth::Clock& clock_;
  const storage::TestDatabase database_;
  const platform::TempDirectory directory_;  // For logs_.
  std::unique_ptr<auth::SqliteTokenStore> tokens_;
  std::unique_ptr<auth::SqliteCountStore> counts_;
  std::unique_ptr<auth::Authenticator> authenticator_;
  std::unique_ptr<auth::RateLimiter> limiter_;
  auth::AuthFailureLimiter failures_;
  CorsPolicy cors_;
  std::unique_ptr<api::Redactor> redactor_;
  std::unique_ptr<stacks::EventLog> events_;
  std::unique_ptr<stacks::EventFeed> event_feed_;
  StreamLimits event_streams_;
  std::unique_ptr<stacks::SqliteRegistry> registry_;
  std::optional<stacks::OutputLogs> logs_;
  std::unique_ptr<stacks::OutputHub> output_hub_;
  std::unique_ptr<stacks::RegistryWatch> registry_watch_;
  FakeStatus status_;
  Router router_;
  RequestMetrics request_metrics_;
  std::optional<Dispatcher> dispatcher_;
  std::string admin_;
  std::string public_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_TESTING_STACK_API_H_
