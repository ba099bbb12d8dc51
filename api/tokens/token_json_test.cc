#include "api/tokens/token_json.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "api/json/json_writer.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::api {
namespace {

using ::testing::HasSubstr;

TEST(ParseTokenSpecTest, ReadsEverything) {
  const auto spec =
      ParseTokenSpec(R"({"name":"deploy","scopes":["public","admin"],)"
                     R"("expires_at":"2030-01-31T12:00:00Z","hourly_limit":10,)"
                     R"("daily_limit":100})");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->name, "deploy");
  EXPECT_TRUE(spec->scopes.Contains(auth::Scope::kAdmin));
  EXPECT_TRUE(spec->scopes.Contains(auth::Scope::kPublic));
  EXPECT_EQ(spec->expires_at, absl::FromUnixSeconds(1896091200));
  EXPECT_EQ(spec->hourly_limit, 10);
  EXPECT_EQ(spec->daily_limit, 100);
}

TEST(ParseTokenSpecTest, OptionalKeysHaveDefaults) {
  const auto spec =
      ParseTokenSpec(R"({"name":"a","scopes":["public"],"expires_at":null})");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_FALSE(spec->expires_at.has_value());
  EXPECT_EQ(spec->hourly_limit, 3600);
  EXPECT_EQ(spec->daily_limit, 0);
}

TEST(ParseTokenSpecTest, ErrorsNameTheKey) {
  const std::vector<std::pair<std::string_view, std::string_view>> expected = {
      {"", "not JSON: wrong at byte"},
      {"{\"name\":", "not JSON: wrong at byte"},
      {"[1]", "must be a JSON object, not array"},
      {R"({"name":7})", "name: must be a string, not number"},
      {R"({"scopes":"admin"})", "scopes: must be a list"},
      {R"({"scopes":[1]})", "scopes: must be a list of strings"},
      {R"({"scopes":["root"]})", "\"root\""},
      {R"({"expires_at":"soon"})", "expires_at: \"soon\" is not a time"},
      {R"({"expires_at":5})", "expires_at: must be a string"},
      {R"({"hourly_limit":1.5})", "hourly_limit: must be an integer"},
      {R"({"hourly_limit":"5"})", "hourly_limit: must be an integer"},
      {R"({"daily_limit":18446744073709551615})", "daily_limit: must be"},
      {R"({"hourly_limit":1e999})", "a number that is too large"},
      {R"({"nmae":"x"})", "nmae: unknown key; keys are name"},
      {R"({"a\nb":"x"})", R"("a\nb": unknown key)"},
      {"{\"name\":\"\xff\"}", "not JSON"},
  };
  for (const auto& [body, message] : expected) {
    const auto spec = ParseTokenSpec(body);
    EXPECT_EQ(spec.status().code(), absl::StatusCode::kInvalidArgument) << body;
    EXPECT_THAT(spec.status().message(), HasSubstr(message)) << body;
  }
}

TEST(WriteTokenTest, ShowsTheValueOnlyWhenGiven) {
  auth::Token token;
  token.id = 3;
  token.name = "deploy";
  token.scopes = auth::Scope::kAdmin;
  token.created_at = absl::FromUnixSeconds(1451675285);
  std::string out;
  JsonWriter json(out);
  WriteToken(token, nullptr, json);
  EXPECT_EQ(out, R"({"id":3,"name":"deploy","scopes":["admin"],)"
                 R"("hourly_limit":3600,"daily_limit":0,)"
                 R"("created_at":"2016-01-01T19:08:05Z","expires_at":null,)"
                 R"("revoked_at":null})");
  std::string with_value;
  JsonWriter once(with_value);
  const auth::Secret value("tly_x");
  WriteToken(token, &value, once);
  EXPECT_THAT(with_value, HasSubstr(R"("token":"tly_x")"));
}

}  // namespace
}  // namespace tallyman::api
