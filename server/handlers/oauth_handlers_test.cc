#include "server/handlers/oauth_handlers.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/http/http.h"
#include "api/http/params.h"
#include "auth/sqlite_client_store.h"
#include "auth/token.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/handlers/client_handlers.h"
#include "server/handlers/token_handlers.h"
#include "server/routing/dispatcher_fixture.h"
#include "server/routing/router.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

constexpr std::string_view kForm = "application/x-www-form-urlencoded";
constexpr std::string_view kGrant = "grant_type=client_credentials";

struct Client {
  std::string id;
  std::string secret;
};

std::string BasicOf(const Client& client) {
  return absl::StrCat("Basic ", absl::Base64Escape(absl::StrCat(
                                    client.id, ":", client.secret)));
}

class OAuthHandlersTest : public DispatcherTest {
 protected:
  OAuthHandlersTest() {
    auto clients =
        auth::SqliteClientStore::Open(*database_, *tokens_, clock_, {});
    CHECK_OK(clients);
    clients_ = *std::move(clients);
    Router router;
    AddTokenRoutes(*tokens_, router);
    AddClientRoutes(*clients_, router);
    AddOAuthRoutes({.clients = *clients_,
                    .tokens = *tokens_,
                    .authenticator = *authenticator_,
                    .limiter = *limiter_,
                    .failures = failures_,
                    .clock = clock_},
                   router);
    router.Add(kProcessesOperation, [](const RequestContext&) -> HandlerResult {
      return api::Response();
    });
    router_ = std::move(router);
    admin_ = NewToken(auth::Scope::kAdmin);
  }

  Client NewClient(std::string_view rest = "") {
    const api::Response made =
        Ask("POST", "/oauth/clients", admin_,
            absl::StrCat(R"({"name":"ci","scopes":["public"])", rest, "}"));
    EXPECT_EQ(made.status, 201) << made.body;
    const Json client = Json::parse(made.body)["response"][0];
    return {client["client_id"], client["client_secret"]};
  }

  api::Response Post(std::string_view path, std::string_view authorization,
                     std::string_view body,
                     std::string_view content_type = kForm) {
    api::Request request;
    request.method = "POST";
    request.path = path;
    request.headers = {{"Content-Type", content_type}};
    if (!authorization.empty()) {
      request.headers.emplace_back("Authorization", authorization);
    }
    request.body = body;
    request.remote_address = "192.0.2.1";
    return dispatcher_->Handle(request);
  }

  std::string Fetch(const Client& client) {
    const api::Response response =
        Post("/oauth/token", BasicOf(client), kGrant);
    EXPECT_EQ(response.status, 200) << response.body;
    return Json::parse(response.body)["access_token"];
  }

  int Use(std::string_view token) {
    return Ask("GET", "/server/processes", token).status;
  }

  void ExpectError(const api::Response& response, int status,
                   std::string_view error) {
    EXPECT_EQ(response.status, status) << response.body;
    const Json body = Json::parse(response.body);
    EXPECT_EQ(body["error"], error) << response.body;
    EXPECT_TRUE(body["error_description"].is_string());
    EXPECT_EQ(HeaderOf(response, "Cache-Control"), "no-store");
    EXPECT_EQ(HeaderOf(response, "WWW-Authenticate"),
              status == 401 ? "Basic realm=\"oauth\"" : "");
  }

  std::unique_ptr<auth::SqliteClientStore> clients_;
  std::string admin_;
};

TEST_F(OAuthHandlersTest, AClientFetchesATokenAndUsesIt) {
  const Client client = NewClient();
  const api::Response response = Post("/oauth/token", BasicOf(client), kGrant);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(HeaderOf(response, "Cache-Control"), "no-store");
  EXPECT_EQ(HeaderOf(response, "Pragma"), "no-cache");
  const Json body = Json::parse(response.body);
  EXPECT_EQ(body["token_type"], "Bearer");
  EXPECT_EQ(body["expires_in"], 3600);
  EXPECT_EQ(body["scope"], "public");
  const std::string token = body["access_token"];
  EXPECT_EQ(Use(token), 200);
  EXPECT_EQ(Ask("GET", "/tokens", token).status, 403);
  clock_.Advance(absl::Seconds(3600));
  EXPECT_EQ(Use(token), 401);
}

TEST_F(OAuthHandlersTest, BothWaysToAuthenticateWorkAtBothMounts) {
  const Client client = NewClient();
  const std::string form = absl::StrCat(
      "client_id=", client.id, "&client_secret=", client.secret, "&", kGrant);
  for (const std::string_view path : {"/oauth/token", "/api/3/oauth/token"}) {
    EXPECT_EQ(Post(path, "", form).status, 200) << path;
    EXPECT_EQ(Post(path, BasicOf(client), kGrant).status, 200) << path;
    EXPECT_EQ(
        Post(path, "", form, "application/x-www-form-urlencoded;charset=UTF-8")
            .status,
        200);
  }
  // Encoded as RFC 6749, section 2.3.1, has it.
  EXPECT_EQ(Post("/oauth/token",
                 BasicOf({"client%2D1", absl::StrCat("%74%6C%63%5F",
                                                     client.secret.substr(4))}),
                 kGrant)
                .status,
            200);
}

TEST_F(OAuthHandlersTest, InvalidRequestsHaveTheErrorsOfTheStandard) {
  const Client client = NewClient();
  const std::string basic = BasicOf(client);
  const auto post = [&](std::string_view body) {
    return Post("/oauth/token", basic, body);
  };
  ExpectError(post(""), 400, "invalid_request");
  ExpectError(post("grant_type="), 400, "invalid_request");
  ExpectError(post(absl::StrCat(kGrant, "&", kGrant)), 400, "invalid_request");
  ExpectError(post(absl::StrCat(kGrant, "&client_secret=x")), 400,
              "invalid_request");
  ExpectError(post("grant_type=password"), 400, "unsupported_grant_type");
  ExpectError(post(absl::StrCat(kGrant, "&scope=root")), 400, "invalid_scope");
  ExpectError(post(absl::StrCat(kGrant, "&scope=admin")), 400, "invalid_scope");
  EXPECT_EQ(Post("/oauth/token", basic,
                 R"({"grant_type":"client_credentials"})", "application/json")
                .status,
            415);
  EXPECT_EQ(Ask("GET", "/oauth/token").status, 405);
  // Unknown parameters are allowed.
  EXPECT_EQ(post(absl::StrCat(kGrant, "&audience=x&scope=public")).status, 200);
}

TEST_F(OAuthHandlersTest, ParametersInTheQueryAreRefused) {
  const Client client = NewClient();
  for (const std::string_view query :
       {"grant_type=client_credentials", "scope=public", "client_id=client-1",
        "client_secret=x"}) {
    api::Request request;
    request.method = "POST";
    request.path = "/oauth/token";
    request.params = api::Params::Parse(query);
    const std::string basic = BasicOf(client);
    request.headers = {{"Content-Type", kForm}, {"Authorization", basic}};
    request.body = kGrant;
    const api::Response response = dispatcher_->Handle(request);
    EXPECT_EQ(response.status, 400) << query;
    EXPECT_THAT(response.body, HasSubstr("unknown parameter"));
  }
}

TEST_F(OAuthHandlersTest, WrongCredentialsAre401AndSlowedDown) {
  const Client client = NewClient();
  const Client wrong = {client.id, std::string(client.secret.size(), 'x')};
  // Missing credentials are no guess.
  for (int i = 0; i < 9; ++i) {
    ExpectError(Post("/oauth/token", "", kGrant), 401, "invalid_client");
  }
  // The fixture allows three failures at once.
  ExpectError(Post("/oauth/token", BasicOf(wrong), kGrant), 401,
              "invalid_client");
  ExpectError(Post("/oauth/revoke", "", "client_id=client-9&client_secret=x"),
              401, "invalid_client");
  ExpectError(Post("/oauth/token", "Bearer tly_x", kGrant), 401,
              "invalid_client");
  const api::Response slowed = Post("/oauth/token", BasicOf(wrong), kGrant);
  ExpectError(slowed, 429, "throttled");
  EXPECT_EQ(HeaderOf(slowed, "Retry-After"), "1");
  EXPECT_EQ(Use("tly_bad"), 429);  // One bucket for both.
  EXPECT_EQ(Use(Fetch(client)), 200);
}

TEST_F(OAuthHandlersTest, MoreTokensAreNotMoreRequests) {
  const Client client = NewClient(R"(,"hourly_limit":5)");
  const std::string first = Fetch(client);   // 1
  const std::string second = Fetch(client);  // 2
  EXPECT_EQ(Use(first), 200);                // 3
  EXPECT_EQ(HeaderOf(Ask("GET", "/server/processes", second),
                     "X-RateLimit-Remaining"),
            "1");  // 4
  Fetch(client);   // 5
  EXPECT_EQ(Use(second), 429);
  const api::Response refused = Post("/oauth/token", BasicOf(client), kGrant);
  ExpectError(refused, 429, "throttled");
  EXPECT_EQ(HeaderOf(refused, "X-RateLimit-Remaining"), "0");
  EXPECT_NE(HeaderOf(refused, "Retry-After"), "");
  EXPECT_EQ(Use(Fetch(NewClient())), 200);
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Use(Fetch(client)), 200);
}

TEST_F(OAuthHandlersTest, AClientRevokesItsOwnTokensOnly) {
  const Client client = NewClient();
  const Client other = NewClient();
  const std::string token = Fetch(client);
  const std::string kept = Fetch(client);
  const std::string basic = BasicOf(client);
  const auto revoke = [&](std::string_view body) {
    return Post("/oauth/revoke", basic, body);
  };
  for (const std::string& foreign : {Fetch(other), admin_}) {
    ExpectError(revoke(absl::StrCat("token=", foreign)), 400,
                "unauthorized_client");
  }
  EXPECT_EQ(Ask("GET", "/tokens", admin_).status, 200);
  ExpectError(revoke("token_type_hint=access_token"), 400, "invalid_request");
  ExpectError(Post("/oauth/revoke", "", absl::StrCat("token=", token)), 401,
              "invalid_client");
  EXPECT_EQ(Use(token), 200);
  const std::string body =
      absl::StrCat("token=", token, "&token_type_hint=refresh_token");
  EXPECT_EQ(revoke(body).status, 200);
  EXPECT_EQ(Use(token), 401);
  EXPECT_EQ(Use(kept), 200);
  EXPECT_EQ(revoke(body).status, 200);  // Again.
  EXPECT_EQ(revoke("token=unknown").status, 200);
  EXPECT_EQ(revoke("token=unknown").body, "{}");
}

TEST_F(OAuthHandlersTest, ClientsAreListedAndRevokedWithTheirTokens) {
  const Client client = NewClient(R"(,"token_lifetime":60)");
  const std::string token = Fetch(client);
  const api::Response list = Ask("GET", "/oauth/clients", admin_);
  EXPECT_THAT(list.body, Not(HasSubstr("tlc_")));
  EXPECT_EQ(Json::parse(list.body)["response"][0]["token_lifetime"], 60);
  EXPECT_EQ(Json::parse(Ask("GET", "/api/3/oauth/clients/1", admin_)
                            .body)["response"]["client_id"],
            client.id);
  const Json tokens = Json::parse(Ask("GET", "/tokens", admin_).body);
  EXPECT_EQ(tokens["response"][1]["client_id"], client.id);
  EXPECT_FALSE(tokens["response"][0].contains("client_id"));
  for (const std::string_view method : {"GET", "POST"}) {
    EXPECT_EQ(Ask(method, "/oauth/clients", token).status, 403);
  }
  EXPECT_EQ(Ask("DELETE", "/oauth/clients/1", admin_).status, 200);
  EXPECT_EQ(Use(token), 401);
  ExpectError(Post("/oauth/token", BasicOf(client), kGrant), 401,
              "invalid_client");
  for (const std::string_view id : {"9", "x", "client-1"}) {
    EXPECT_EQ(Ask("DELETE", absl::StrCat("/oauth/clients/", id), admin_).status,
              404);
  }
}

TEST_F(OAuthHandlersTest, BadClientsAreRefused) {
  const std::vector<std::string_view> bodies = {
      "{}",
      R"({"name":"a","scopes":[]})",
      R"({"name":"a","scopes":["public"],"token_lifetime":59})",
      R"({"name":"a","scopes":["public"],"token_lifetime":86401})",
      R"({"name":"a","scopes":["public"],"token_lifetime":9223372036854775807})",
      R"({"name":"a","scopes":["public"],"expires_at":null,"x":1})"};
  for (const std::string_view body : bodies) {
    EXPECT_EQ(Ask("POST", "/oauth/clients", admin_, body).status, 400) << body;
  }
  EXPECT_EQ(Ask("POST", "/oauth/clients", admin_, "name=a", kForm).status, 415);
  EXPECT_TRUE(clients_->List().empty());
}

TEST_F(OAuthHandlersTest, TheMetadataNamesTheServerAsTheClientDoes) {
  const auto ask = [&](std::string_view host, bool is_encrypted) {
    api::Request request;
    request.method = "GET";
    request.path = "/.well-known/oauth-authorization-server";
    request.headers = {{"Host", host}};
    request.is_encrypted = is_encrypted;
    return dispatcher_->Handle(request);
  };
  const Json plain = Json::parse(ask("127.0.0.1:8880", false).body);
  EXPECT_EQ(plain["issuer"], "http://127.0.0.1:8880");
  EXPECT_EQ(plain["token_endpoint"], "http://127.0.0.1:8880/oauth/token");
  EXPECT_EQ(Json::parse(ask("tally.example", true).body)["issuer"],
            "https://tally.example");
  EXPECT_EQ(ask("", false).status, 400);
  EXPECT_EQ(ask("a\"b", false).status, 400);
}

}  // namespace
}  // namespace tallyman::server
