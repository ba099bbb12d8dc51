#include "server/handlers/session_handlers.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/http/http.h"
#include "api/http/params.h"
#include "auth/authenticator.h"
#include "auth/sign_in_code.h"
#include "auth/sqlite_session_store.h"
#include "auth/token.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/handlers/session_change.h"
#include "server/handlers/token_handlers.h"
#include "server/routing/dispatcher.h"
#include "server/routing/dispatcher_fixture.h"
#include "server/routing/router.h"
#include "server/routing/session_cookie.h"

namespace tallyman::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Json = nlohmann::json;

// What a browser has after a sign-in.
struct Browser {
  int64_t id = 0;
  std::string cookie;
  std::string key;
};

class SessionHandlersTest : public DispatcherTest {
 protected:
  SessionHandlersTest() {
    auto sessions =
        auth::SqliteSessionStore::Open(*database_, *tokens_, clock_, {});
    CHECK_OK(sessions);
    sessions_ = *std::move(sessions);
    cookie_ = std::make_unique<SessionCookie>(sessions_->label());
    auto authenticator =
        auth::Authenticator::Create(*tokens_, clock_, &sessions_->index());
    CHECK_OK(authenticator);
    authenticator_ = *std::move(authenticator);
    Router router;
    AddSessionRoutes(
        {.sessions = *sessions_,
         .cookie = *cookie_,
         .authenticator = *authenticator_,
         .limiter = *limiter_,
         .failures = failures_,
         .code = code_,
         .on_change =
             [this](const SessionChange& change) {
               changes_.push_back(absl::StrCat(
                   change.kind == SessionChange::Kind::kCreated ? "+" : "-",
                   change.session.id, " ", change.user, ": ", change.reason));
             }},
        router);
    AddTokenRoutes(*tokens_, router);
    router.Add(kProcessesOperation, [](const RequestContext&) -> HandlerResult {
      return api::Response();
    });
    router_ = std::move(router);
    dispatcher_.emplace(Dispatcher::Parts{.router = router_,
                                          .authenticator = *authenticator_,
                                          .limiter = *limiter_,
                                          .failures = failures_,
                                          .cors = *cors_,
                                          .redactor = *redactor_,
                                          .log = &log_.log(),
                                          .log_requests = true,
                                          .zone = absl::UTCTimeZone(),
                                          .session_cookie = cookie_.get()});
    public_ = NewToken(auth::Scope::kPublic);  // Token 1.
    admin_ = NewToken(auth::Scope::kAdmin);    // Token 2.
  }

  // A request of the server's own page.
  api::Response Fetch(const Browser& browser, std::string_view method,
                      std::string_view target,
                      std::string_view site = "same-origin",
                      std::string_view bearer = "") {
    api::Request request;
    request.method = method;
    const size_t mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != std::string_view::npos) {
      request.params = api::Params::Parse(target.substr(mark + 1));
    }
    request.headers = {{"Sec-Fetch-Site", site}};
    if (!browser.cookie.empty()) {
      request.headers.emplace_back("Cookie", browser.cookie);
    }
    if (!browser.key.empty()) {
      request.headers.emplace_back(kSessionKeyHeader, browser.key);
    }
    const std::string authorization = absl::StrCat("Bearer ", bearer);
    if (!bearer.empty()) {
      request.headers.emplace_back("Authorization", authorization);
    }
    request.remote_address = "192.0.2.1";
    return dispatcher_->Handle(request);
  }

  api::Response Post(std::string_view body, bool is_encrypted = false,
                     std::string_view site = "same-origin",
                     std::string_view cookie = "") {
    api::Request request;
    request.method = "POST";
    request.path = "/session";
    request.headers = {{"Content-Type", "application/json"},
                       {"User-Agent", "Browser/1"},
                       {"Sec-Fetch-Site", site}};
    if (!cookie.empty()) request.headers.emplace_back("Cookie", cookie);
    request.body = body;
    request.remote_address = "192.0.2.1";
    request.is_encrypted = is_encrypted;
    return dispatcher_->Handle(request);
  }

  Browser SignIn(std::string_view token, std::string_view cookie = "") {
    const api::Response made =
        Post(absl::StrCat(R"({"token":")", token, R"("})"),
             /*is_encrypted=*/false, "same-origin", cookie);
    EXPECT_EQ(made.status, 201) << made.body;
    const Json session = Json::parse(made.body)["session"];
    const std::string set_cookie = HeaderOf(made, "Set-Cookie");
    return {.id = session["id"],
            .cookie = set_cookie.substr(0, set_cookie.find(';')),
            .key = session["key"]};
  }

  std::string NewCode(int64_t token_id) {
    auto code = auth::SignInCode::Create(token_id, clock_);
    CHECK_OK(code);
    code_ = *std::move(code);
    return absl::StrCat(R"({"code":")", code_->TakeValue().Reveal(), R"("})");
  }

  std::vector<int64_t> Listed(const api::Response& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    const Json body = Json::parse(response.body);
    EXPECT_EQ(body["count"], body["sessions"].size());
    EXPECT_EQ(body["pagination"]["count"], body["sessions"].size());
    std::vector<int64_t> ids;
    for (const Json& session : body["sessions"]) {
      EXPECT_FALSE(session.contains("key"));
      ids.push_back(session["id"]);
    }
    return ids;
  }

  std::unique_ptr<auth::SqliteSessionStore> sessions_;
  std::unique_ptr<SessionCookie> cookie_;
  std::unique_ptr<auth::SignInCode> code_;
  std::vector<std::string> changes_;
  std::string public_;
  std::string admin_;
};

TEST_F(SessionHandlersTest, ATokenSignsInAndItsSessionStandsInForIt) {
  const api::Response made =
      Post(absl::StrCat(R"({"token":")", admin_, R"("})"));
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(HeaderOf(made, "Location"), "/session");
  EXPECT_EQ(HeaderOf(made, "X-RateLimit-Limit"), "36000");
  EXPECT_THAT(HeaderOf(made, "Set-Cookie"),
              testing::MatchesRegex("tallyman_[0-9a-f]{8}=[-_A-Za-z0-9]{43}; "
                                    "Path=/; HttpOnly; SameSite=Strict"));
  Json session = Json::parse(made.body)["session"];
  EXPECT_EQ(session["token"]["id"], 2);
  EXPECT_EQ(session["user_agent"], "Browser/1");
  EXPECT_EQ(session["address"], "192.0.2.1");
  EXPECT_EQ(session["current"], true);
  EXPECT_EQ(session["idle_expires_at"], "2020-09-14T12:26:40Z");
  EXPECT_EQ(session["expires_at"], "2020-10-13T12:26:40Z");
  const Browser browser = SignIn(admin_);
  const api::Response shown = Fetch(browser, "GET", "/session");
  EXPECT_EQ(shown.status, 200) << shown.body;
  const Json same = Json::parse(shown.body)["session"];
  EXPECT_EQ(same["id"], browser.id);
  EXPECT_FALSE(same.contains("key"));
  EXPECT_EQ(Fetch(browser, "GET", "/tokens").status, 200);
  EXPECT_EQ(Fetch(SignIn(public_), "GET", "/tokens").status, 403);
  EXPECT_THAT(changes_, ElementsAre("+1 t: signed in by token",
                                    "+2 t: signed in by token",
                                    "+3 t: signed in by token"));
}

TEST_F(SessionHandlersTest, OverHttpsTheCookieIsSecure) {
  EXPECT_THAT(
      HeaderOf(Post(absl::StrCat(R"({"token":")", admin_, R"("})"),
                    /*is_encrypted=*/true),
               "Set-Cookie"),
      testing::MatchesRegex("__Host-tallyman_[0-9a-f]{8}=[-_A-Za-z0-9]{43}; "
                            "Path=/; HttpOnly; SameSite=Strict; Secure"));
}

TEST_F(SessionHandlersTest, ACodeSignsInOnceAndForTenMinutes) {
  const std::string code = NewCode(2);
  EXPECT_EQ(Post(R"({"code":"x"})").status, 401);
  EXPECT_EQ(Post(code).status, 201);
  const api::Response again = Post(code);
  EXPECT_EQ(again.status, 401);
  EXPECT_EQ(HeaderOf(again, "Set-Cookie"), "");
  EXPECT_EQ(Json::parse(again.body)["error"], "unauthenticated");
  const std::string late = NewCode(2);
  clock_.Advance(absl::Minutes(10));
  EXPECT_EQ(Post(late).status, 401);
  EXPECT_THAT(changes_, ElementsAre("+1 t: signed in by code"));
}

TEST_F(SessionHandlersTest, BadTokensAndCodesAreThrottledTogether) {
  EXPECT_EQ(Post(R"({"token":"tly_bad"})").status, 401);
  EXPECT_EQ(Post(R"({"code":"bad"})").status, 401);
  EXPECT_EQ(Ask("GET", "/tokens", "tly_bad").status, 401);
  const api::Response slowed = Post(R"({"code":"bad"})");
  EXPECT_EQ(slowed.status, 429);
  EXPECT_EQ(HeaderOf(slowed, "Retry-After"), "1");
  EXPECT_EQ(Post(R"({"token":"tly_bad"})").status, 429);
  EXPECT_GT(SignIn(admin_).id, 0);  // A good one keeps working.
}

TEST_F(SessionHandlersTest, ASignInMustComeFromTheServersOwnPage) {
  const std::string body = absl::StrCat(R"({"token":")", admin_, R"("})");
  EXPECT_EQ(Post(body, false, "same-site").status, 401);
  EXPECT_EQ(Post(body, false, "cross-site").status, 401);
  EXPECT_THAT(changes_, IsEmpty());
}

TEST_F(SessionHandlersTest, BothHalvesOfOneSessionAreNeeded) {
  const Browser browser = SignIn(admin_);
  const Browser other = SignIn(admin_);
  for (const Browser& half :
       {Browser{.cookie = browser.cookie}, Browser{.key = browser.key},
        Browser{.cookie = other.cookie, .key = browser.key}}) {
    const api::Response refused = Fetch(half, "GET", "/tokens");
    EXPECT_EQ(refused.status, 401);
    EXPECT_THAT(refused.body, HasSubstr("sign in again"));
    EXPECT_EQ(HeaderOf(refused, "WWW-Authenticate"), "Bearer");
  }
  EXPECT_EQ(Fetch(browser, "GET", "/tokens", "same-site").status, 401);
  EXPECT_EQ(Fetch(browser, "GET", "/tokens", "none").status, 401);
}

TEST_F(SessionHandlersTest, OnlyTheTokenCountsIfThereIsOne) {
  const Browser browser = SignIn(admin_);
  EXPECT_EQ(Fetch(browser, "GET", "/tokens", "cross-site", admin_).status, 200);
  EXPECT_EQ(Fetch(browser, "GET", "/tokens", "same-origin", public_).status,
            403);
  EXPECT_EQ(Fetch(browser, "GET", "/tokens", "same-origin", "tly_bad").status,
            401);
  const api::Response none =
      Fetch(browser, "GET", "/session", "same-origin", admin_);
  EXPECT_EQ(none.status, 401);
  EXPECT_THAT(none.body, HasSubstr("POST /session"));
  EXPECT_EQ(Fetch(browser, "DELETE", "/session", "same-origin", admin_).status,
            401);
}

TEST_F(SessionHandlersTest, AnswersToASessionHaveNoHeadersOfCors) {
  const Browser browser = SignIn(public_);
  constexpr std::string_view kHeader = "Access-Control-Allow-Origin";
  EXPECT_EQ(HeaderOf(Ask("GET", "/server/processes", public_), kHeader), "*");
  EXPECT_EQ(HeaderOf(Ask("GET", "/server/processes"), kHeader), "*");
  for (const std::string_view target :
       {"/server/processes", "/server/processes?x=1", "/server/nothing"}) {
    EXPECT_EQ(HeaderOf(Fetch(browser, "GET", target), kHeader), "") << target;
    EXPECT_EQ(
        HeaderOf(Fetch({.cookie = browser.cookie}, "GET", target), kHeader), "")
        << target;
  }
  EXPECT_EQ(HeaderOf(Fetch(browser, "PUT", "/server/processes"), kHeader), "");
}

TEST_F(SessionHandlersTest, SessionsHaveARateWindowOfTheirOwn) {
  const std::string few = NewToken(auth::Scope::kPublic, 1);
  const Browser browser = SignIn(few);
  EXPECT_EQ(Ask("GET", "/server/processes", few).status, 200);
  EXPECT_EQ(Ask("GET", "/server/processes", few).status, 429);
  const api::Response first = Fetch(browser, "GET", "/server/processes");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(HeaderOf(first, "X-RateLimit-Limit"), "36000");
  EXPECT_EQ(HeaderOf(first, "X-RateLimit-Remaining"), "35998");
  // All sessions of a token share it.
  EXPECT_EQ(HeaderOf(Fetch(SignIn(few), "GET", "/server/processes"),
                     "X-RateLimit-Remaining"),
            "35996");
  EXPECT_NE(HeaderOf(Fetch(browser, "GET", "/nothing"), "X-RateLimit-Limit"),
            "");
}

TEST_F(SessionHandlersTest, ATokenSeesItsSessionsAndAnAdminAll) {
  const Browser one = SignIn(public_);
  const Browser two = SignIn(admin_);
  const Browser three = SignIn(public_);
  EXPECT_THAT(Listed(Fetch(one, "GET", "/sessions")),
              ElementsAre(one.id, three.id));
  EXPECT_THAT(Listed(Ask("GET", "/sessions", public_)),
              ElementsAre(one.id, three.id));
  const api::Response all = Fetch(two, "GET", "/sessions");
  EXPECT_THAT(Listed(all), ElementsAre(one.id, two.id, three.id));
  const Json sessions = Json::parse(all.body)["sessions"];
  EXPECT_EQ(sessions[0]["current"], false);
  EXPECT_EQ(sessions[1]["current"], true);
  EXPECT_EQ(sessions[1]["token"]["id"], 2);
  const Json page =
      Json::parse(Ask("GET", "/sessions?per_page=2&page=2", admin_).body);
  EXPECT_EQ(page["sessions"][0]["id"], three.id);
  EXPECT_EQ(page["pagination"]["pages"], 2);
}

TEST_F(SessionHandlersTest, SignsOut) {
  const Browser browser = SignIn(admin_);
  const api::Response ended = Fetch(browser, "DELETE", "/session");
  EXPECT_EQ(ended.status, 204);
  EXPECT_EQ(ended.body, "");
  EXPECT_THAT(HeaderOf(ended, "Set-Cookie"), HasSubstr("=; Max-Age=0; Path=/"));
  EXPECT_EQ(Fetch(browser, "GET", "/session").status, 401);
  EXPECT_THAT(changes_,
              ElementsAre("+1 t: signed in by token", "-1 t: signed out"));
}

TEST_F(SessionHandlersTest, TheTabsOfABrowserDoNotEndEachOther) {
  const Browser first = SignIn(admin_);
  const Browser second = SignIn(public_, first.cookie);
  EXPECT_EQ(second.cookie, first.cookie);
  EXPECT_EQ(Fetch(first, "GET", "/session").status, 200);
  EXPECT_EQ(Fetch(second, "GET", "/session").status, 200);
  const api::Response ended = Fetch(first, "DELETE", "/session");
  EXPECT_EQ(ended.status, 204);
  EXPECT_EQ(HeaderOf(ended, "Set-Cookie"), "");
  EXPECT_EQ(Fetch(second, "GET", "/session").status, 200);
  EXPECT_NE(HeaderOf(Fetch(second, "DELETE", "/session"), "Set-Cookie"), "");
  // A cookie that no session has is not taken over.
  EXPECT_NE(SignIn(admin_, first.cookie).cookie, first.cookie);
}

TEST_F(SessionHandlersTest, EndsOneSession) {
  const Browser own = SignIn(public_);
  const Browser other = SignIn(public_);
  const Browser admins = SignIn(admin_);
  const auto path = [](const Browser& browser) {
    return absl::StrCat("/sessions/", browser.id);
  };
  const api::Response hidden = Fetch(own, "DELETE", path(admins));
  EXPECT_EQ(hidden.status, 404);
  EXPECT_THAT(hidden.body, HasSubstr("there is no session"));
  EXPECT_EQ(Fetch(own, "DELETE", "/sessions/none").status, 404);
  const api::Response ended = Fetch(own, "DELETE", path(other));
  EXPECT_EQ(ended.status, 204);
  EXPECT_EQ(HeaderOf(ended, "Set-Cookie"), "");
  EXPECT_EQ(Fetch(other, "GET", "/session").status, 401);
  EXPECT_EQ(Ask("DELETE", path(own), admin_).status, 204);
  EXPECT_EQ(Fetch(own, "GET", "/session").status, 401);
  EXPECT_EQ(Fetch(admins, "GET", "/session").status, 200);
}

TEST_F(SessionHandlersTest, SignsOutEverywhere) {
  const Browser one = SignIn(public_);
  const Browser two = SignIn(public_);
  const Browser admins = SignIn(admin_);
  EXPECT_EQ(Fetch(one, "DELETE", "/sessions?token_id=2").status, 403);
  EXPECT_EQ(Fetch(one, "DELETE", "/sessions?token_id=0").status, 400);
  const api::Response ended = Fetch(one, "DELETE", "/sessions?token_id=1");
  EXPECT_EQ(ended.status, 204);
  EXPECT_THAT(HeaderOf(ended, "Set-Cookie"), HasSubstr("Max-Age=0"));
  EXPECT_EQ(Fetch(two, "GET", "/session").status, 401);
  EXPECT_EQ(Fetch(admins, "GET", "/session").status, 200);
  const Browser three = SignIn(public_);
  EXPECT_EQ(Ask("DELETE", "/sessions?token_id=1", admin_).status, 204);
  EXPECT_EQ(Fetch(three, "GET", "/session").status, 401);
  EXPECT_EQ(Ask("DELETE", "/sessions", public_).status, 204);  // None is left.
  EXPECT_EQ(Ask("DELETE", "/sessions", admin_).status, 204);
  EXPECT_EQ(Fetch(admins, "GET", "/session").status, 401);
}

TEST_F(SessionHandlersTest, ASessionEndsWithItsToken) {
  const Browser browser = SignIn(public_);
  EXPECT_EQ(Ask("DELETE", "/tokens/1", admin_).status, 200);
  EXPECT_EQ(Fetch(browser, "GET", "/server/processes").status, 401);
  EXPECT_THAT(Listed(Ask("GET", "/sessions", admin_)), IsEmpty());
}

TEST_F(SessionHandlersTest, TheLogHasTheTokensNameAndNoHalf) {
  const std::string code = NewCode(2);
  Post(code);
  const Browser browser = SignIn(admin_);
  Fetch(browser, "GET", "/tokens");
  Fetch({.key = browser.key}, "GET", "/tokens");
  Fetch(browser, "DELETE", "/session");
  Fetch(browser, "GET", "/tokens");
  int with_user = 0;
  for (const Json& line : log_.lines()) {
    if (line.value("user", "") == "t") ++with_user;
    EXPECT_THAT(line.dump(), Not(HasSubstr(browser.key)));
    EXPECT_THAT(
        line.dump(),
        Not(HasSubstr(browser.cookie.substr(browser.cookie.find('=') + 1))));
    EXPECT_THAT(line.dump(), Not(HasSubstr(code.substr(9, 43))));
  }
  EXPECT_EQ(with_user, 2);
}

}  // namespace
}  // namespace tallyman::server
