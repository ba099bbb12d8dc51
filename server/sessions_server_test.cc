// End to end: what a browser's page sends to sign in, to work and to sign out,
// and what pages of other origins and other services of the machine can try.

#include <csignal>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "platform/testing/temp_directory.h"
#include "tools/harness/event_source.h"
#include "tools/harness/http_client.h"
#include "tools/harness/http_connection.h"
#include "tools/harness/server_process.h"

namespace tallyman::server {
namespace {

using harness::ClientResponse;
using harness::EventSource;
using harness::HttpClient;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

constexpr std::string_view kSameOrigin = "Sec-Fetch-Site: same-origin";
constexpr std::string_view kJson = "Content-Type: application/json";
constexpr std::string_view kCorsHeader = "Access-Control-Allow-Origin";

// What a browser has after a sign-in.
struct Browser {
  int64_t id = 0;
  std::string cookie;  // "NAME=VALUE"
  std::string key;
};

class SessionsServerTest : public testing::Test {
 protected:
  SessionsServerTest() {
    Start();
    admin_ = server_->shown_token();
  }

  void Start() {
    server_ = std::make_unique<harness::ServerProcess>(
        std::vector<std::string>{absl::StrCat("--data_dir=", directory_.path()),
                                 "--trusted_proxies=127.0.0.1"});
    CHECK(server_->WaitUntilListening()) << server_->standard_error();
  }

  void Stop() {
    server_->Signal(SIGTERM);
    CHECK_EQ(server_->Wait(), 0) << server_->standard_error();
  }

  ClientResponse Ask(std::string_view method, std::string_view target,
                     std::string_view body = "") const {
    std::vector<std::string> headers = {
        absl::StrCat("Authorization: Bearer ", admin_)};
    if (!body.empty()) headers.emplace_back(kJson);
    return HttpClient(server_->port()).Request(method, target, headers, body);
  }

  ClientResponse Post(std::string_view name, std::string_view value,
                      std::vector<std::string> headers = {
                          std::string(kSameOrigin)}) const {
    headers.emplace_back(kJson);
    return HttpClient(server_->port())
        .Request("POST", "/session", headers, Json({{name, value}}).dump());
  }

  static Browser BrowserOf(const ClientResponse& made) {
    EXPECT_EQ(made.status, 201) << made.body;
    const Json session = Json::parse(made.body)["session"];
    const std::string cookie = made.Header("Set-Cookie");
    return {.id = session["id"],
            .cookie = cookie.substr(0, cookie.find(';')),
            .key = session["key"]};
  }

  Browser SignIn(std::string_view token) const {
    return BrowserOf(Post("token", token));
  }

  static std::vector<std::string> HeadersOf(
      const Browser& browser, std::string_view where = kSameOrigin) {
    std::vector<std::string> headers;
    if (!where.empty()) headers.emplace_back(where);
    // Cookies ignore ports: those of other services come along.
    headers.push_back(
        absl::StrCat("Cookie: theme=dark; ", browser.cookie, "; x=y"));
    if (!browser.key.empty()) {
      headers.push_back(absl::StrCat("X-Tallyman-Session: ", browser.key));
    }
    return headers;
  }

  ClientResponse Fetch(const Browser& browser, std::string_view method,
                       std::string_view target,
                       std::string_view where = kSameOrigin) const {
    return HttpClient(server_->port())
        .Request(method, target, HeadersOf(browser, where));
  }

  int StatusOf(const Browser& browser,
               std::string_view where = kSameOrigin) const {
    return Fetch(browser, "GET", "/tokens", where).status;
  }

  // A token with this name, whose requests are used up after `hourly_limit`.
  Json NewToken(std::string_view name, int64_t hourly_limit = 3600) const {
    const ClientResponse made = Ask("POST", "/tokens",
                                    Json({{"name", name},
                                          {"scopes", Json::array({"admin"})},
                                          {"hourly_limit", hourly_limit}})
                                        .dump());
    CHECK_EQ(made.status, 201) << made.body;
    return Json::parse(made.body)["response"][0];
  }

  EventSource OpenStream(const Browser& browser) const {
    absl::StatusOr<EventSource> source = EventSource::OpenWith(
        server_->port(), "/events?after=now", HeadersOf(browser));
    CHECK_OK(source);
    return *std::move(source);
  }

  const platform::TempDirectory directory_;
  std::unique_ptr<harness::ServerProcess> server_;
  std::string admin_;
};

TEST_F(SessionsServerTest, TheCodeOfTheGreetingSignsInOnce) {
  const std::string greeting = server_->standard_output();
  const std::string code = server_->shown_code();
  EXPECT_THAT(greeting, HasSubstr(absl::StrCat(
                            "http://127.0.0.1:", server_->port(), "/#code=")));
  EXPECT_THAT(greeting, HasSubstr("once"));
  EXPECT_THAT(greeting, HasSubstr("ten"));
  EXPECT_THAT(code, MatchesRegex("[-_A-Za-z0-9]{43}"));
  const ClientResponse made = Post("code", code);
  EXPECT_THAT(made.Header("Set-Cookie"),
              MatchesRegex("tallyman_[0-9a-f]{8}=[-_A-Za-z0-9]{43}; Path=/; "
                           "HttpOnly; SameSite=Strict"));
  EXPECT_EQ(made.Header("Cache-Control"), "no-store");
  const Browser browser = BrowserOf(made);
  EXPECT_EQ(StatusOf(browser), 200);
  const ClientResponse again = Post("code", code);
  EXPECT_EQ(again.status, 401);
  EXPECT_THAT(Json::parse(again.body)["details"].get<std::string>(),
              HasSubstr("used before"));
  EXPECT_EQ(Post("code", admin_).status, 401);
}

TEST_F(SessionsServerTest, ARestartKeepsSessionsAndMakesNoCode) {
  const Browser browser = SignIn(admin_);
  Stop();
  Start();  // On another port.
  EXPECT_EQ(server_->shown_token(), "");
  EXPECT_EQ(server_->shown_code(), "");
  EXPECT_EQ(StatusOf(browser), 200);
  EXPECT_EQ(Fetch(browser, "DELETE", "/session").status, 204);
  Stop();
  Start();
  EXPECT_EQ(StatusOf(browser), 401);
}

TEST_F(SessionsServerTest, AKillKeepsSessionsToo) {
  const Browser browser = SignIn(admin_);
  server_->Kill();
  Start();
  EXPECT_EQ(StatusOf(browser), 200);
}

TEST_F(SessionsServerTest, HalfASessionIsNone) {
  const Browser browser = SignIn(admin_);
  const Browser other = SignIn(admin_);
  for (const Browser& half :
       {Browser{.cookie = browser.cookie},
        Browser{.cookie = "a=b", .key = browser.key},
        Browser{.cookie = other.cookie, .key = browser.key}}) {
    const ClientResponse refused = Fetch(half, "GET", "/tokens");
    EXPECT_EQ(refused.status, 401);
    const std::string details = Json::parse(refused.body)["details"];
    EXPECT_THAT(details, HasSubstr("sign in again"));
    EXPECT_THAT(details, Not(HasSubstr(browser.key)));
  }
  // The same in the host family, whose answers have no CORS either.
  const ClientResponse host =
      Fetch({.cookie = browser.cookie}, "GET", "/server/processes?limit=1");
  EXPECT_EQ(host.status, 401);
  EXPECT_EQ(host.Header(kCorsHeader), "");
}

TEST_F(SessionsServerTest, OnlyTheServersOwnPagesUseASession) {
  const Browser browser = SignIn(admin_);
  // A page of another port of this host is same-site, and its requests have the
  // cookie.
  EXPECT_EQ(StatusOf(browser, "Sec-Fetch-Site: same-site"), 401);
  EXPECT_EQ(StatusOf(browser, "Sec-Fetch-Site: cross-site"), 401);
  EXPECT_EQ(StatusOf(browser, "Sec-Fetch-Site: none"), 401);
  EXPECT_EQ(StatusOf(browser, "Origin: http://127.0.0.1:1"), 401);
  EXPECT_EQ(StatusOf(browser, "Origin: http://evil.example"), 401);
  EXPECT_EQ(StatusOf(browser, "Origin: null"), 401);
  // A browser that sends no Sec-Fetch-Site.
  const std::string host = absl::StrCat("127.0.0.1:", server_->port());
  HttpClient client(server_->port());
  client.Send(
      absl::StrCat("GET /session HTTP/1.1\r\nHost: ", host,
                   "\r\nOrigin: http://", host, "\r\nCookie: ", browser.cookie,
                   "\r\nX-Tallyman-Session: ", browser.key, "\r\n\r\n"));
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_EQ(Fetch(browser, "GET", "/session", "").status, 200);
  EXPECT_EQ(Fetch(browser, "DELETE", "/session", "").status, 401);
  EXPECT_EQ(Post("token", admin_, {"Sec-Fetch-Site: same-site"}).status, 401);
}

TEST_F(SessionsServerTest, ASessionGetsNoHeadersOfCors) {
  const Browser browser = SignIn(admin_);
  constexpr std::string_view kTarget = "/server/processes?limit=1";
  EXPECT_EQ(Ask("GET", kTarget).Header(kCorsHeader), "*");
  const ClientResponse answer = Fetch(browser, "GET", kTarget);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header(kCorsHeader), "");
  // No preflight lets a page of another origin send the key.
  const ClientResponse preflight =
      HttpClient(server_->port())
          .Request("OPTIONS", kTarget,
                   {"Origin: http://evil.example",
                    "Access-Control-Request-Method: GET",
                    "Access-Control-Request-Headers: x-tallyman-session"});
  EXPECT_EQ(preflight.Header("Access-Control-Allow-Headers"),
            "Authorization, Content-Type");
  EXPECT_EQ(preflight.Header("Access-Control-Allow-Credentials"), "");
}

TEST_F(SessionsServerTest, RevokingTheTokenEndsItsSessionAndItsStreams) {
  const Json token = NewToken("page");
  const Browser browser = SignIn(token["token"].get<std::string>());
  EventSource stream = OpenStream(browser);
  EXPECT_EQ(Ask("DELETE", absl::StrCat("/tokens/", token["id"].get<int64_t>()))
                .status,
            200);
  // The event of the end wakes the stream, and is not for it.
  EXPECT_TRUE(absl::IsOutOfRange(stream.Next().status()));
  EXPECT_EQ(StatusOf(browser), 401);
}

TEST_F(SessionsServerTest, SigningOutEverywhereEndsAllSessionsAndStreams) {
  const Json token = NewToken("page");
  const std::string value = token["token"];
  const Browser one = SignIn(value);
  const Browser two = SignIn(value);
  const Browser other = SignIn(admin_);
  EventSource stream = OpenStream(two);
  const ClientResponse ended = Fetch(one, "DELETE", "/sessions");
  EXPECT_EQ(ended.status, 204);
  EXPECT_EQ(ended.body, "");
  EXPECT_THAT(ended.Header("Set-Cookie"), HasSubstr("Max-Age=0"));
  EXPECT_TRUE(absl::IsOutOfRange(stream.Next().status()));
  EXPECT_EQ(StatusOf(one), 401);
  EXPECT_EQ(StatusOf(two), 401);
  EXPECT_EQ(StatusOf(other), 200);
  // The token itself goes on.
  EXPECT_EQ(StatusOf(SignIn(value)), 200);
}

TEST_F(SessionsServerTest, ASecondTabSignsInBesideTheFirst) {
  const Browser first = SignIn(admin_);
  const Browser second = BrowserOf(
      Post("token", admin_,
           {std::string(kSameOrigin), absl::StrCat("Cookie: ", first.cookie)}));
  EXPECT_EQ(second.cookie, first.cookie);
  EXPECT_NE(second.key, first.key);
  EXPECT_EQ(StatusOf(first), 200);
  EXPECT_EQ(Fetch(second, "DELETE", "/session").Header("Set-Cookie"), "");
  EXPECT_EQ(StatusOf(second), 401);
  EXPECT_EQ(StatusOf(first), 200);
}

TEST_F(SessionsServerTest, TheRateWindowIsApartFromThatOfTheToken) {
  const std::string value = NewToken("page", 1)["token"];
  const auto with_token = [&] {
    return HttpClient(server_->port()).Get("/tokens", value).status;
  };
  const Browser browser = SignIn(value);
  EXPECT_EQ(with_token(), 200);
  EXPECT_EQ(with_token(), 429);
  const ClientResponse answer = Fetch(browser, "GET", "/tokens");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header("X-RateLimit-Limit"), "36000");
  EXPECT_EQ(answer.Header("X-RateLimit-Remaining"), "35998");
}

TEST_F(SessionsServerTest, BehindAProxyWithTlsTheCookieIsSecure) {
  const std::string forwarded = "X-Forwarded-For: 192.0.2.7";
  const std::string proto = "X-Forwarded-Proto: https";
  const ClientResponse made =
      Post("token", admin_, {std::string(kSameOrigin), forwarded, proto});
  EXPECT_THAT(made.Header("Set-Cookie"), StartsWith("__Host-tallyman_"));
  EXPECT_THAT(made.Header("Set-Cookie"), HasSubstr("; Secure"));
  const Browser browser = BrowserOf(made);
  EXPECT_EQ(Json::parse(made.body)["session"]["address"], "192.0.2.7");
  std::vector<std::string> headers = HeadersOf(browser);
  EXPECT_EQ(
      HttpClient(server_->port()).Request("GET", "/session", headers).status,
      401);
  headers.push_back(forwarded);
  headers.push_back(proto);
  EXPECT_EQ(
      HttpClient(server_->port()).Request("GET", "/session", headers).status,
      200);
}

TEST_F(SessionsServerTest, SessionsHaveEventsAndLeaveNothingInTheLog) {
  absl::StatusOr<EventSource> events = EventSource::Open(
      server_->port(), "/events?kind=session_created,session_ended&after=now",
      admin_);
  ASSERT_TRUE(events.ok()) << events.status();
  const std::string code = server_->shown_code();
  const Browser browser = BrowserOf(Post("code", code));
  const auto next = [&] {
    const auto event = events->Next();
    EXPECT_TRUE(event.ok()) << event.status();
    const Json data = Json::parse(event->data);
    return absl::StrCat(data["event"].get<std::string>(), " by ",
                        data["user"].get<std::string>(), ": ",
                        data["cause"].get<std::string>());
  };
  EXPECT_EQ(next(),
            "session_created by admin: session 1 of token 1, \"admin\": signed "
            "in by code");
  Fetch({.cookie = browser.cookie}, "GET", "/tokens");
  Fetch(browser, "DELETE", "/session");
  EXPECT_EQ(next(),
            "session_ended by admin: session 1 of token 1, \"admin\": signed "
            "out");
  Fetch(browser, "GET", "/tokens");
  Stop();
  const std::string log = server_->standard_error();
  EXPECT_THAT(log, HasSubstr(R"("path":"/session")"));
  EXPECT_THAT(log, HasSubstr(R"("user":"admin")"));
  const std::string half = browser.cookie.substr(browser.cookie.find('=') + 1);
  for (const std::string& secret : {code, half, browser.key}) {
    EXPECT_THAT(log, Not(HasSubstr(secret)));
  }
}

}  // namespace
}  // namespace tallyman::server
