#include "api/oauth/oauth_answers.h"

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "api/http/http.h"
#include "api/oauth/oauth_error.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace tallyman::api {
namespace {

using Json = nlohmann::json;

TEST(ScopeParameterTest, ReadsKnownScopes) {
  EXPECT_EQ(*ParseScopeParameter("public"),
            auth::ScopeSet(auth::Scope::kPublic));
  EXPECT_TRUE(
      ParseScopeParameter("admin public")->Contains(auth::Scope::kPublic));
  for (const std::string_view text :
       {"root", "public,admin", " public", "public ", "public  admin", "Public",
        "public\nadmin", ""}) {
    EXPECT_EQ(ParseScopeParameter(text).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(AccessTokenTest, HasTheKeysOfTheStandard) {
  const absl::Time now = absl::FromUnixSeconds(1'600'000'000);
  auth::ScopeSet both = auth::Scope::kPublic;
  both.Add(auth::Scope::kAdmin);
  EXPECT_EQ(
      RenderAccessToken({.scopes = both, .expires_at = now + absl::Seconds(61)},
                        auth::Secret("tly_x"), now + absl::Milliseconds(1)),
      R"({"access_token":"tly_x","token_type":"Bearer","expires_in":60,)"
      R"("scope":"public admin"})");
}

TEST(IssuerTest, IsTheAddressOfTheRequest) {
  EXPECT_EQ(IssuerOf(true, "tally.example"), "https://tally.example");
  EXPECT_EQ(IssuerOf(false, "127.0.0.1:8880"), "http://127.0.0.1:8880");
  EXPECT_EQ(IssuerOf(false, "[::1]:8880"), "http://[::1]:8880");
  for (const std::string_view host :
       {"", "a/b", "a b", "a@b", "a?b", "a#b", "a\"b", "a\\b", "a%2fb"}) {
    EXPECT_EQ(IssuerOf(false, host), std::nullopt) << host;
  }
}

TEST(MetadataTest, NamesTheEndpoints) {
  const Json json = Json::parse(RenderMetadata("https://tally.example"));
  EXPECT_EQ(json["issuer"], "https://tally.example");
  EXPECT_EQ(json["token_endpoint"], "https://tally.example/oauth/token");
  EXPECT_EQ(json["revocation_endpoint"], "https://tally.example/oauth/revoke");
  EXPECT_EQ(json["grant_types_supported"], Json({"client_credentials"}));
  EXPECT_EQ(json["response_types_supported"], Json::array());
}

TEST(OAuthErrorTest, HasTheStatusAndCharactersOfTheStandard) {
  const Response client =
      RenderOAuthError(OAuthError::kInvalidClient, "a \"b\\\xc3\xa9\n");
  EXPECT_EQ(client.status, 401);
  EXPECT_EQ(client.body,
            R"({"error":"invalid_client","error_description":"a ?b????"})");
  ASSERT_EQ(client.headers.size(), 1u);
  EXPECT_EQ(client.headers[0].first, "WWW-Authenticate");
  EXPECT_EQ(client.headers[0].second, "Basic realm=\"oauth\"");
  for (const OAuthError error :
       {OAuthError::kInvalidRequest, OAuthError::kUnauthorizedClient,
        OAuthError::kUnsupportedGrantType, OAuthError::kInvalidScope}) {
    const Response response = RenderOAuthError(error, "x");
    EXPECT_EQ(response.status, 400);
    EXPECT_TRUE(response.headers.empty());
    EXPECT_EQ(Json::parse(response.body)["error"], OAuthErrorName(error));
  }
}

}  // namespace
}  // namespace tallyman::api
