#include "api/oauth/client_json.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "api/json/json_writer.h"
#include "auth/oauth_client.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::api {
namespace {

using ::testing::HasSubstr;

TEST(ParseClientSpecTest, ReadsEverything) {
  const auto spec = ParseClientSpec(R"({"name":"deploy","scopes":["admin"],)"
                                    R"("token_lifetime":90,"hourly_limit":10,)"
                                    R"("daily_limit":100})");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->name, "deploy");
  EXPECT_EQ(spec->scopes, auth::ScopeSet(auth::Scope::kAdmin));
  EXPECT_EQ(spec->token_lifetime, absl::Seconds(90));
  EXPECT_EQ(spec->hourly_limit, 10);
  EXPECT_EQ(spec->daily_limit, 100);
}

TEST(ParseClientSpecTest, OptionalKeysHaveDefaults) {
  const auto spec = ParseClientSpec(
      R"({"name":"a","scopes":["public"],"token_lifetime":null})");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->token_lifetime, absl::Hours(1));
  EXPECT_EQ(spec->hourly_limit, 3600);
  EXPECT_EQ(spec->daily_limit, 0);
}

TEST(ParseClientSpecTest, ErrorsNameTheKey) {
  const std::vector<std::pair<std::string_view, std::string_view>> expected = {
      {"", "not JSON: wrong at byte"},
      {R"({"name":7})", "name: must be a string, not number"},
      {R"({"scopes":["root"]})", "\"root\""},
      {R"({"token_lifetime":"1h"})", "token_lifetime: must be an integer"},
      {R"({"hourly_limit":1.5})", "hourly_limit: must be an integer"},
      {R"({"client_secret":"x"})", "client_secret: unknown key; keys are name"},
  };
  for (const auto& [body, message] : expected) {
    const auto spec = ParseClientSpec(body);
    EXPECT_EQ(spec.status().code(), absl::StatusCode::kInvalidArgument) << body;
    EXPECT_THAT(spec.status().message(), HasSubstr(message)) << body;
  }
}

TEST(WriteClientTest, ShowsTheSecretOnlyWhenGiven) {
  const auth::OAuthClient client = {
      .id = 3,
      .name = "deploy",
      .scopes = auth::Scope::kAdmin,
      .created_at = absl::FromUnixSeconds(1451675285)};
  std::string out;
  JsonWriter json(out);
  WriteClient(client, nullptr, json);
  EXPECT_EQ(out, R"({"id":3,"client_id":"client-3","name":"deploy",)"
                 R"("scopes":["admin"],"hourly_limit":3600,"daily_limit":0,)"
                 R"("token_lifetime":3600,"created_at":"2016-01-01T19:08:05Z",)"
                 R"("revoked_at":null})");
  std::string with;
  JsonWriter with_secret(with);
  const auth::Secret secret("tlc_x");
  WriteClient(client, &secret, with_secret);
  EXPECT_THAT(with, HasSubstr(R"("client_secret":"tlc_x")"));
}

}  // namespace
}  // namespace tallyman::api
