#include "server/routing/dispatcher.h"

#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
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
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/handlers/token_handlers.h"
#include "server/routing/cors.h"
#include "server/routing/router.h"
#include "storage/database.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

std::string HeaderOf(const api::Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

// A dispatcher with everything behind it but the sockets.
class DispatcherTest : public testing::Test {
 protected:
  DispatcherTest() {
    path_ = absl::StrCat(
        testing::TempDir(), "/dispatcher-",
        testing::UnitTest::GetInstance()->current_test_info()->name(), ".db");
    unlink(path_.c_str());
    auto database = storage::Database::Open(path_, {});
    CHECK_OK(database);
    database_ = *std::move(database);
    auto tokens = auth::SqliteTokenStore::Open(*database_, clock_, {});
    CHECK_OK(tokens);
    tokens_ = *std::move(tokens);
    auto counts = auth::SqliteCountStore::Open(*database_);
    CHECK_OK(counts);
    counts_ = *std::move(counts);
    auto authenticator = auth::Authenticator::Create(*tokens_, clock_);
    CHECK_OK(authenticator);
    authenticator_ = *std::move(authenticator);
    auto limiter = auth::RateLimiter::Create(*counts_, clock_, {});
    CHECK_OK(limiter);
    limiter_ = *std::move(limiter);
    const auto echo = [](const RequestContext& context) -> HandlerResult {
      if (context.request.params.Get("fail")) {
        return api::Error{api::ErrorKind::kBadRequest, "as asked"};
      }
      return api::Response();
    };
    router_.Add("/server/processes", ApiFamily::kHost,
                {{"GET", {.scope = auth::Scope::kPublic, .handler = echo}}});
    router_.Add("/healthz", ApiFamily::kStacks,
                {{"GET", {.scope = std::nullopt, .handler = echo}}});
    AddTokenRoutes(*tokens_, router_);
    dispatcher_.emplace(Dispatcher::Parts{.router = router_,
                                          .authenticator = *authenticator_,
                                          .limiter = *limiter_,
                                          .failures = failures_,
                                          .cors = *cors_,
                                          .redactor = *redactor_,
                                          .request_log = nullptr,
                                          .zone = absl::UTCTimeZone()});
  }

  std::string NewToken(auth::ScopeSet scopes, int64_t hourly_limit = 3600) {
    auto made = tokens_->Create(
        {.name = "t", .scopes = scopes, .hourly_limit = hourly_limit});
    CHECK_OK(made);
    return std::string(made->value.Reveal());
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

  std::string path_;
  auth::FakeClock clock_{absl::FromUnixSeconds(1'600'000'000)};
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<auth::SqliteTokenStore> tokens_;
  std::unique_ptr<auth::SqliteCountStore> counts_;
  std::unique_ptr<auth::Authenticator> authenticator_;
  std::unique_ptr<auth::RateLimiter> limiter_;
  auth::AuthFailureLimiter failures_{clock_, {.burst = 3}};
  absl::StatusOr<CorsPolicy> cors_ = CorsPolicy::Parse("*");
  std::unique_ptr<api::Redactor> redactor_ = api::Redactor::Disabled();
  Router router_;
  std::optional<Dispatcher> dispatcher_;
};

TEST_F(DispatcherTest, ATokenMayComeEitherWay) {
  const std::string token = NewToken(auth::Scope::kPublic);
  EXPECT_EQ(Ask("GET", "/server/processes", token).status, 200);
  EXPECT_EQ(Ask("GET", "/server/processes?token=" + token).status, 200);
  EXPECT_EQ(Ask("HEAD", "/server/processes", token).status, 200);
}

TEST_F(DispatcherTest, TheStacksFamilyTakesNoTokenFromTheAddress) {
  const std::string token = NewToken(auth::Scope::kAdmin);
  EXPECT_EQ(Ask("GET", "/tokens", token).status, 200);
  EXPECT_EQ(Ask("GET", "/tokens?token=" + token).status, 401);
}

TEST_F(DispatcherTest, NoTokenIs401InTheFamilysForm) {
  const api::Response host = Ask("GET", "/server/processes");
  EXPECT_EQ(host.status, 401);
  EXPECT_EQ(HeaderOf(host, "WWW-Authenticate"), "Bearer");
  EXPECT_EQ(HeaderOf(host, "X-RateLimit-Limit"), "");
  const Json envelope = Json::parse(host.body);
  EXPECT_EQ(envelope["status_code"], 401);
  EXPECT_EQ(envelope["data"], Json::array());
  EXPECT_THAT(envelope["status_desc"].get<std::string>(), HasSubstr("token="));

  const api::Response stacks = Ask("GET", "/tokens");
  EXPECT_EQ(stacks.status, 401);
  EXPECT_EQ(HeaderOf(stacks, "WWW-Authenticate"), "Bearer");
  EXPECT_EQ(Json::parse(stacks.body)["error"], "unauthenticated");
}

TEST_F(DispatcherTest, TheWrongScopeIs403AndCounts) {
  const std::string token = NewToken(auth::Scope::kPublic);
  const api::Response response = Ask("GET", "/tokens", token);
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(HeaderOf(response, "X-RateLimit-Remaining"), "3599");
  EXPECT_THAT(response.body, HasSubstr("admin"));
}

TEST_F(DispatcherTest, PastTheLimitIs429) {
  const std::string token = NewToken(auth::Scope::kPublic, 2);
  const api::Response first = Ask("GET", "/server/processes", token);
  EXPECT_EQ(HeaderOf(first, "X-RateLimit-Limit"), "2");
  EXPECT_EQ(HeaderOf(first, "X-RateLimit-Remaining"), "1");
  EXPECT_EQ(Ask("GET", "/server/processes?fail", token).status, 400);
  const api::Response refused = Ask("GET", "/server/processes", token);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(HeaderOf(refused, "X-RateLimit-Remaining"), "0");
  EXPECT_NE(HeaderOf(refused, "Retry-After"), "");
  EXPECT_EQ(Json::parse(refused.body)["status_code"], 429);
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Ask("GET", "/server/processes", token).status, 200);
}

TEST_F(DispatcherTest, LimitsAreToldOnErrorsToo) {
  const std::string token = NewToken(auth::Scope::kPublic);
  for (const std::string_view target :
       {"/server/processes?fail", "/server/nothing", "/nothing"}) {
    const api::Response response = Ask("GET", target, token);
    EXPECT_GE(response.status, 400) << target;
    EXPECT_NE(HeaderOf(response, "X-RateLimit-Remaining"), "") << target;
  }
  const api::Response method = Ask("POST", "/server/processes", token);
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(HeaderOf(method, "Allow"), "GET, HEAD, OPTIONS");
  EXPECT_NE(HeaderOf(method, "X-RateLimit-Remaining"), "");
}

TEST_F(DispatcherTest, UnknownAddressesAnswerInTheFamilysForm) {
  const api::Response host = Ask("GET", "/server/nothing");
  EXPECT_EQ(host.status, 404);
  EXPECT_THAT(Json::parse(host.body)["status_desc"].get<std::string>(),
              HasSubstr("\"/server/nothing\""));
  EXPECT_EQ(HeaderOf(host, "Access-Control-Allow-Origin"), "*");
  const api::Response stacks = Ask("GET", "/nothing");
  EXPECT_EQ(stacks.status, 404);
  EXPECT_EQ(Json::parse(stacks.body)["error"], "not_found");
  EXPECT_EQ(HeaderOf(stacks, "Access-Control-Allow-Origin"), "");
}

TEST_F(DispatcherTest, OptionsNeedsNoToken) {
  const api::Response response = Ask("OPTIONS", "/server/processes");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(HeaderOf(response, "Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(HeaderOf(response, "Access-Control-Allow-Origin"), "*");
}

TEST_F(DispatcherTest, ARepeatedBadTokenIsSlowedDownButAGoodOneIsNot) {
  const std::string good = NewToken(auth::Scope::kPublic);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Ask("GET", "/server/processes", "tly_bad").status, 401);
  }
  const api::Response slowed = Ask("GET", "/server/processes", "tly_bad");
  EXPECT_EQ(slowed.status, 429);
  EXPECT_EQ(HeaderOf(slowed, "Retry-After"), "1");
  EXPECT_EQ(Ask("GET", "/server/processes", good).status, 200);
  EXPECT_EQ(Ask("GET", "/server/processes").status, 401);  // None is not bad.
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Ask("GET", "/server/processes", "tly_bad").status, 401);
}

TEST_F(DispatcherTest, BadTokensAreSlowedDownOnUnknownAddressesToo) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Ask("GET", "/nothing", "tly_bad").status, 404);
  }
  EXPECT_EQ(Ask("GET", "/nothing", "tly_bad").status, 429);
  EXPECT_EQ(Ask("GET", "/nothing").status, 404);
}

TEST_F(DispatcherTest, ErrorsOfTheTransportAreLikeAllOthers) {
  const std::string token = NewToken(auth::Scope::kPublic);
  const std::string bearer = absl::StrCat("Bearer ", token);
  api::Request request;
  request.method = "BREW";
  request.path = "/server/processes";
  request.headers = {{"Authorization", bearer}};
  const api::Response method = dispatcher_->Reject(
      request, {.kind = api::ErrorKind::kMethodNotAllowed, .details = ""});
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(HeaderOf(method, "Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(HeaderOf(method, "X-RateLimit-Remaining"), "3599");
  EXPECT_THAT(method.body, HasSubstr("BREW"));
  request.path = "/nothing";
  EXPECT_EQ(dispatcher_
                ->Reject(request, {.kind = api::ErrorKind::kMethodNotAllowed,
                                   .details = ""})
                .status,
            404);
}

TEST_F(DispatcherTest, ExpiryAndRevocationAre401) {
  auto made = tokens_->Create({.name = "short",
                               .scopes = auth::Scope::kPublic,
                               .expires_at = clock_.Now() + absl::Hours(2)});
  ASSERT_TRUE(made.ok()) << made.status();
  const std::string token(made->value.Reveal());
  EXPECT_EQ(Ask("GET", "/server/processes", token).status, 200);
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(Ask("GET", "/server/processes", token).status, 401);

  const std::string revoked = NewToken(auth::Scope::kPublic);
  EXPECT_EQ(Ask("GET", "/server/processes", revoked).status, 200);
  const std::string admin = NewToken(auth::Scope::kAdmin);
  EXPECT_EQ(Ask("DELETE", "/tokens/2", admin).status, 200);
  EXPECT_EQ(Ask("GET", "/server/processes", revoked).status, 401);
}

TEST_F(DispatcherTest, TokensAreMadeListedAndRevoked) {
  const std::string admin = NewToken(auth::Scope::kAdmin);
  const api::Response made =
      Ask("POST", "/tokens", admin, R"({"name":"ci","scopes":["public"]})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(HeaderOf(made, "Location"), "/tokens/2");
  const Json token = Json::parse(made.body)["response"][0];
  EXPECT_EQ(token["name"], "ci");
  EXPECT_EQ(
      Ask("GET", "/server/processes", token["token"].get<std::string>()).status,
      200);

  const Json list = Json::parse(Ask("GET", "/tokens.json", admin).body);
  EXPECT_EQ(list["count"], 2);
  EXPECT_EQ(list["pagination"]["count"], 2);
  EXPECT_THAT(list.dump(), Not(HasSubstr("tly_")));
  const Json page =
      Json::parse(Ask("GET", "/tokens?page=2&per_page=1", admin).body);
  EXPECT_EQ(page["response"][0]["name"], "ci");
  EXPECT_EQ(page["pagination"]["previous"], 1);

  EXPECT_EQ(
      Json::parse(Ask("GET", "/api/3/tokens/2", admin).body)["response"]["id"],
      2);
  EXPECT_EQ(Ask("DELETE", "/tokens/2.json", admin).status, 200);
  EXPECT_EQ(Ask("DELETE", "/tokens/1", admin).status, 409);  // The last one.
  EXPECT_EQ(Ask("DELETE", "/tokens/99", admin).status, 404);
  EXPECT_EQ(Ask("GET", "/tokens/x", admin).status, 404);
}

TEST_F(DispatcherTest, BadTokenRequestsChangeNothing) {
  const std::string admin = NewToken(auth::Scope::kAdmin);
  const std::vector<std::string_view> bodies = {
      "",
      "{}",
      R"({"name":"a"})",
      R"({"name":"","scopes":["public"]})",
      R"({"name":"a","scopes":[]})",
      R"({"name":"a","scopes":["public"],"hourly_limit":0})",
      R"({"name":"a","scopes":["public"],"expires_at":"2000-01-01T00:00:00Z"})",
      R"({"name":"a\nb","scopes":["public"]})"};
  for (const std::string_view body : bodies) {
    const api::Response response = Ask("POST", "/tokens", admin, body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_EQ(Json::parse(response.body)["error"], "bad_request") << body;
  }
  EXPECT_EQ(Ask("POST", "/tokens", admin, "name=a",
                "application/x-www-form-urlencoded")
                .status,
            415);
  EXPECT_EQ(Ask("GET", "/tokens?page=0", admin).status, 400);
  EXPECT_EQ(Json::parse(Ask("GET", "/tokens", admin).body)["count"], 1);
}

TEST_F(DispatcherTest, HealthNeedsNoToken) {
  EXPECT_EQ(Ask("GET", "/healthz").status, 200);
}

TEST_F(DispatcherTest, LogsTheSizeOfASharedBody) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const Log log(ends[1]);
  Router router;
  router.Add("/shared", ApiFamily::kStacks,
             {{"GET",
               {.scope = std::nullopt,
                .handler = [](const RequestContext&) -> HandlerResult {
                  api::Response response;
                  response.shared_body =
                      std::make_shared<const std::string>("seventeen letters");
                  return response;
                }}}});
  const Dispatcher dispatcher({.router = router,
                               .authenticator = *authenticator_,
                               .limiter = *limiter_,
                               .failures = failures_,
                               .cors = *cors_,
                               .redactor = *redactor_,
                               .request_log = &log,
                               .zone = absl::UTCTimeZone()});
  EXPECT_EQ(dispatcher.Handle({.method = "GET", .path = "/shared"}).BodyView(),
            "seventeen letters");
  close(ends[1]);
  std::string line(4096, '\0');
  const ssize_t got = read(ends[0], line.data(), line.size());
  close(ends[0]);
  ASSERT_GT(got, 0);
  EXPECT_EQ(Json::parse(line.substr(0, static_cast<size_t>(got)))["bytes"], 17);
}

TEST_F(DispatcherTest, LogsNoToken) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const Log log(ends[1]);
  const auto redactor = api::Redactor::Create(api::DefaultSecretNames());
  api::Request request;
  request.method = "GET";
  request.path = "/server/tly_0123456789abcdef";
  request.params = api::Params::Parse(
      "%74oken=plain-secret&pid=1&api_key=other-secret&x=tly_0123456789abcdef");
  request.remote_address = "192.0.2.1";
  LogRequest({.request = request,
              .status = 200,
              .response_bytes = 5,
              .duration = absl::Milliseconds(2),
              .user = "deploy"},
             **redactor, log);
  close(ends[1]);
  std::string line(4096, '\0');
  const ssize_t got = read(ends[0], line.data(), line.size());
  close(ends[0]);
  ASSERT_GT(got, 0);
  line.resize(static_cast<size_t>(got));
  EXPECT_THAT(line, Not(HasSubstr("secret")));
  EXPECT_THAT(line, Not(HasSubstr("tly_")));
  const Json json = Json::parse(line);
  EXPECT_EQ(json["event"], "request");
  EXPECT_EQ(json["query"], "token=***&pid=1&api_key=***&x=***");
  EXPECT_EQ(json["status"], 200);
  EXPECT_EQ(json["duration_ms"], 2);
  EXPECT_EQ(json["user"], "deploy");
}

}  // namespace
}  // namespace tallyman::server
