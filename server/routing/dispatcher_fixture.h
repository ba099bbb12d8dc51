// A dispatcher of two resources on a real token store, without sockets.

#ifndef TALLYMAN_SERVER_ROUTING_DISPATCHER_FIXTURE_H_
#define TALLYMAN_SERVER_ROUTING_DISPATCHER_FIXTURE_H_

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/http/params.h"
#include "api/redaction/redaction.h"
#include "auth/auth_failure_limiter.h"
#include "auth/authenticator.h"
#include "auth/fake_clock.h"
#include "auth/rate_limiter.h"
#include "auth/sqlite_count_store.h"
#include "auth/sqlite_token_store.h"
#include "auth/token.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "platform/base/unique_fd.h"
#include "server/log/log.h"
#include "server/routing/cors.h"
#include "server/routing/dispatcher.h"
#include "server/routing/router.h"
#include "storage/testing/test_database.h"

namespace tallyman::server {

// The value of the header `name`, whose case counts; "" if there is none.
inline std::string HeaderOf(const api::Response& response,
                            std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

// GET of the stacks family that needs no token.
constexpr api::Operation OpenGet(std::string_view path) {
  return {.method = "GET", .path = path};
}

inline constexpr api::Parameter kFailParameter = {
    .name = "fail", .schema = api::String("Answer 400.", "")};
inline constexpr const api::Parameter* kFailQuery[] = {&kFailParameter};
inline constexpr api::Operation kProcessesOperation = {
    .method = "GET",
    .path = "/server/processes",
    .family = ApiFamily::kHost,
    .scope = auth::Scope::kPublic,
    .query = kFailQuery};
inline constexpr api::Operation kTokensOperation = {
    .method = "GET",
    .path = "/tokens",
    .scope = auth::Scope::kAdmin,
    .query = kFailQuery};
inline constexpr api::Operation kHealthOperation = OpenGet("/healthz");

// A log in memory.
class MemoryLog {
 public:
  MemoryLog() : fd_(memfd_create("log", MFD_CLOEXEC)), log_(fd_.get()) {
    CHECK(fd_.valid());
  }

  const Log& log() const { return log_; }

  // The lines so far, as JSON.
  std::vector<nlohmann::json> lines() const {
    struct stat info {};
    CHECK_EQ(fstat(fd_.get(), &info), 0);
    std::string text(static_cast<size_t>(info.st_size), '\0');
    CHECK_EQ(pread(fd_.get(), text.data(), text.size(), 0), info.st_size);
    std::vector<nlohmann::json> lines;
    for (const std::string_view line :
         absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      lines.push_back(nlohmann::json::parse(line));
    }
    return lines;
  }

 private:
  const base::UniqueFd fd_;
  const Log log_;
};

// The resources are /server/processes (scope public), /tokens (scope admin) and
// /healthz (no token). Their handler answers 400 to the parameter `fail`, else
// 200. A test may add further routes to `router_`.
class DispatcherTest : public testing::Test {
 protected:
  DispatcherTest()
      : tokens_(Take(auth::SqliteTokenStore::Open(*database_, clock_, {}))),
        counts_(Take(auth::SqliteCountStore::Open(*database_))),
        authenticator_(Take(auth::Authenticator::Create(*tokens_, clock_))),
        limiter_(Take(auth::RateLimiter::Create(*counts_, clock_, {}))) {
    const auto echo = [](const RequestContext& context) -> HandlerResult {
      if (context.request.params.Get("fail")) {
        return api::Error{api::ErrorKind::kBadRequest, "as asked"};
      }
      return api::Response();
    };
    router_.Add(kProcessesOperation, echo);
    router_.Add(kTokensOperation, echo);
    router_.Add(kHealthOperation, echo);
    MakeDispatcher(/*log_requests=*/false);
  }

  // Replaces the dispatcher.
  void MakeDispatcher(bool log_requests) {
    dispatcher_.emplace(Dispatcher::Parts{.router = router_,
                                          .authenticator = *authenticator_,
                                          .limiter = *limiter_,
                                          .failures = failures_,
                                          .cors = *cors_,
                                          .redactor = *redactor_,
                                          .log = &log_.log(),
                                          .log_requests = log_requests,
                                          .zone = absl::UTCTimeZone()});
  }

  std::string NewToken(auth::ScopeSet scopes, int64_t hourly_limit = 3600) {
    const auth::NewToken made = Take(tokens_->Create(
        {.name = "t", .scopes = scopes, .hourly_limit = hourly_limit}));
    return std::string(made.value.Reveal());
  }

  // Answers a request for `target`; `token` goes into the header unless empty.
  api::Response Ask(std::string_view method, std::string_view target,
                    std::string_view token = "", std::string_view body = "",
                    std::string_view content_type = "application/json") {
    const std::string bearer = absl::StrCat("Bearer ", token);
    api::Request request;
    request.method = method;
    const size_t mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != std::string_view::npos) {
      request.params = api::Params::Parse(target.substr(mark + 1));
    }
    request.headers = {{"Content-Type", content_type},
                       {"Origin", "http://page.example"}};
    if (!token.empty()) request.headers.emplace_back("authorization", bearer);
    request.body = body;
    request.remote_address = "192.0.2.1";
    return dispatcher_->Handle(request);
  }

  MemoryLog log_;
  storage::TestDatabase database_;
  auth::FakeClock clock_{absl::FromUnixSeconds(1'600'000'000)};
  std::unique_ptr<auth::SqliteTokenStore> tokens_;
  std::unique_ptr<auth::SqliteCountStore> counts_;
  std::unique_ptr<auth::Authenticator> authenticator_;
  std::unique_ptr<auth::RateLimiter> limiter_;
  auth::AuthFailureLimiter failures_{clock_, {.burst = 3}};
  absl::StatusOr<CorsPolicy> cors_ = CorsPolicy::Parse("*");
  std::unique_ptr<api::Redactor> redactor_ = api::Redactor::Disabled();
  Router router_;
  std::optional<Dispatcher> dispatcher_;

 private:
  template <typename T>
  static T Take(absl::StatusOr<T> made) {
    CHECK_OK(made);
    return *std::move(made);
  }
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_ROUTING_DISPATCHER_FIXTURE_H_
