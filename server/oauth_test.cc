// End to end: what the Ruby gem oauth2 does over HTTP to fetch, use and revoke
// a token, as its versions 1.4 and 2.0 send it.
//
// The samples of the API's documentation call `token.get` of an
// OAuth2::AccessToken. Sources of the requests, in lib/oauth2 of the gem
// (https://github.com/ruby-oauth/oauth2, 2.0.25):
//   client.rb                        token_url "oauth/token", revoke_url
//                                    "oauth/revoke", both relative to the site;
//                                    auth_scheme :basic_auth (1.4:
//                                    :request_body, token_url "/oauth/token")
//   authenticator.rb                 Basic of id and secret without the
//   encoding
//                                    of RFC 6749, section 2.3.1
//   strategy/client_credentials.rb   grant_type
//   access_token.rb                  "Authorization: Bearer"; revoke
// Faraday, below it, sorts the parameters of a form by name.

#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "platform/testing/temp_directory.h"
#include "tools/harness/http_client.h"
#include "tools/harness/http_connection.h"
#include "tools/harness/server_process.h"

namespace tallyman::server {
namespace {

using harness::ClientResponse;
using harness::HttpClient;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

constexpr std::string_view kForm =
    "Content-Type: application/x-www-form-urlencoded";

class OAuthTest : public testing::Test {
 protected:
  OAuthTest()
      : server_({absl::StrCat("--data_dir=", directory_.path()),
                 "--trusted_proxies=127.0.0.1",
                 "--allowed_hosts=tally.example"}) {
    CHECK(server_.WaitUntilListening()) << server_.standard_error();
    const ClientResponse made =
        HttpClient(server_.port())
            .Request(
                "POST", "/oauth/clients",
                {absl::StrCat("Authorization: Bearer ", server_.shown_token()),
                 "Content-Type: application/json"},
                R"({"name":"deploy","scopes":["public"]})");
    CHECK_EQ(made.status, 201) << made.body;
    const Json client = Json::parse(made.body)["response"][0];
    id_ = client["client_id"];
    secret_ = client["client_secret"];
  }

  // A POST of Faraday by Net::HTTP.
  ClientResponse Post(std::string_view target, std::string_view body,
                      std::vector<std::string> headers) {
    headers.insert(headers.end(),
                   {"User-Agent: Faraday v2.14.1",
                    "Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
                    "Accept: */*"});
    return HttpClient(server_.port())
        .Request("POST", target, headers, std::string(body));
  }

  std::string Basic() const {
    return absl::StrCat("Authorization: Basic ",
                        absl::Base64Escape(absl::StrCat(id_, ":", secret_)));
  }

  // AccessToken.from_hash(response.parsed).
  std::string TokenOf(const ClientResponse& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_THAT(response.Header("Content-Type"), HasSubstr("application/json"));
    const Json body = Json::parse(response.body);
    EXPECT_EQ(body["expires_in"], 3600);
    return body["access_token"];
  }

  int Use(std::string_view token) {
    return HttpClient(server_.port()).Get("/api/3/stacks.json", token).status;
  }

  const platform::TempDirectory directory_;
  harness::ServerProcess server_;
  std::string id_;
  std::string secret_;
};

TEST_F(OAuthTest, Version2FetchesUsesAndRevokesAToken) {
  // Client.new(id, secret, site: "http://HOST/api/3/"), or site: "http://HOST".
  for (const std::string_view target : {"/api/3/oauth/token", "/oauth/token"}) {
    const std::string token =
        TokenOf(Post(target, "grant_type=client_credentials",
                     {std::string(kForm), Basic()}));
    EXPECT_EQ(Use(token), 200);

    // token.revoke puts the token into the query, where this server takes none.
    const ClientResponse in_query =
        Post(absl::StrCat("/oauth/revoke?token=", token,
                          "&token_type_hint=access_token"),
             "", {Basic()});
    EXPECT_EQ(in_query.status, 400);
    EXPECT_EQ(Use(token), 200);

    // token.revoke(token_method: :post)
    const ClientResponse revoked =
        Post("/oauth/revoke",
             absl::StrCat("token=", token, "&token_type_hint=access_token"),
             {std::string(kForm), Basic()});
    EXPECT_EQ(revoked.status, 200) << revoked.body;
    EXPECT_TRUE(Json::accept(revoked.body));  // The gem parses it.
    EXPECT_EQ(Use(token), 401);
  }
}

TEST_F(OAuthTest, Version1FetchesAToken) {
  const std::string token =
      TokenOf(Post("/oauth/token",
                   absl::StrCat("client_id=", id_, "&client_secret=", secret_,
                                "&grant_type=client_credentials"),
                   {std::string(kForm)}));
  EXPECT_EQ(Use(token), 200);
}

// OAuth2::Error takes `error` and `error_description` from the body.
TEST_F(OAuthTest, ErrorsAreThoseThatTheGemReads) {
  const ClientResponse refused =
      Post("/oauth/token", "grant_type=client_credentials&scope=admin",
           {std::string(kForm), Basic()});
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(Json::parse(refused.body)["error"], "invalid_scope");
  secret_.back() = secret_.back() == 'A' ? 'B' : 'A';
  const ClientResponse unknown =
      Post("/oauth/token", "grant_type=client_credentials",
           {std::string(kForm), Basic()});
  EXPECT_EQ(unknown.status, 401);
  EXPECT_EQ(unknown.Header("WWW-Authenticate"), "Basic realm=\"oauth\"");
  EXPECT_EQ(Json::parse(unknown.body)["error"], "invalid_client");
}

TEST_F(OAuthTest, TheMetadataFollowsTrustedProxies) {
  HttpClient client(server_.port());
  client.Send(
      "GET /.well-known/oauth-authorization-server HTTP/1.1\r\n"
      "Host: tally.example\r\nX-Forwarded-For: 192.0.2.7\r\n"
      "X-Forwarded-Proto: https\r\n\r\n");
  const ClientResponse response = client.Receive();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(Json::parse(response.body)["issuer"], "https://tally.example");
  client.Send(
      "GET /.well-known/oauth-authorization-server HTTP/1.1\r\n"
      "Host: other.example\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 421);
}

// Neither the secret nor a token reaches the log, wherever a client puts them.
TEST_F(OAuthTest, SecretsAreNotLogged) {
  const std::string token =
      TokenOf(Post("/oauth/token", "grant_type=client_credentials",
                   {std::string(kForm), Basic()}));
  Post(absl::StrCat("/oauth/token?client_id=", id_, "&client_secret=", secret_),
       "grant_type=client_credentials", {std::string(kForm)});
  Post(absl::StrCat("/oauth/revoke?token=", token), "", {Basic()});
  server_.Signal(SIGTERM);
  EXPECT_EQ(server_.Wait(), 0);
  const std::string log = server_.standard_error();
  EXPECT_THAT(log, HasSubstr("/oauth/revoke"));
  EXPECT_THAT(log, Not(HasSubstr(secret_)));
  EXPECT_THAT(log, Not(HasSubstr(token)));
}

}  // namespace
}  // namespace tallyman::server
