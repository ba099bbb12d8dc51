#include "api/sessions/session_json.h"

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/description/schema.h"
#include "api/description/schema_json.h"
#include "api/json/json_writer.h"
#include "auth/secret.h"
#include "auth/session.h"
#include "auth/token.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tools/harness/json_schema.h"

namespace tallyman::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

const absl::Time kNow = absl::FromUnixSeconds(1'451'675'285);

auth::Session TestSession() {
  auth::Session session;
  session.id = 7;
  session.token.id = 1;
  session.token.name = "admin";
  session.token.scopes = auth::Scope::kAdmin;
  session.created_at = kNow;
  session.last_used_at = kNow + absl::Minutes(1);
  session.expires_at = kNow + absl::Hours(24 * 30);
  session.idle_expires_at = session.last_used_at + absl::Hours(24);
  session.origin = {"Mozilla/5.0", "192.0.2.7"};
  return session;
}

std::string MismatchOf(const Schema& schema, std::string_view text) {
  SchemaWriter writer;
  const Json written = writer.Write(schema);
  const Json document = {{"components", {{"schemas", writer.named()}}}};
  return harness::FindMismatch(document, written, Json::parse(text));
}

TEST(SessionJsonTest, WritesASessionAsDescribed) {
  std::string text;
  JsonWriter json(text);
  WriteSessionEnvelope(TestSession(), /*key=*/nullptr, json);
  EXPECT_EQ(text, R"({"session":{"id":7,"token":{"id":1,"name":"admin",)"
                  R"("scopes":["admin"],"hourly_limit":3600,"daily_limit":0,)"
                  R"("created_at":"1970-01-01T00:00:00Z","expires_at":null,)"
                  R"("revoked_at":null},"created_at":"2016-01-01T19:08:05Z",)"
                  R"("last_used_at":"2016-01-01T19:09:05Z",)"
                  R"("expires_at":"2016-01-31T19:08:05Z",)"
                  R"("idle_expires_at":"2016-01-02T19:09:05Z",)"
                  R"("user_agent":"Mozilla/5.0","address":"192.0.2.7",)"
                  R"("current":true}})");
  EXPECT_EQ(MismatchOf(kSessionEnvelopeSchema, text), "");
}

TEST(SessionJsonTest, OnlyANewSessionHasItsKey) {
  const auth::Secret key("the-key");
  std::string text;
  JsonWriter json(text);
  WriteSessionEnvelope(TestSession(), &key, json);
  EXPECT_EQ(Json::parse(text)["session"]["key"], "the-key");
  EXPECT_EQ(MismatchOf(kNewSessionEnvelopeSchema, text), "");
  EXPECT_NE(MismatchOf(kSessionEnvelopeSchema, text), "");
}

TEST(SessionJsonTest, ReadsATokenOrACode) {
  const absl::StatusOr<SignIn> token = ParseSignIn(R"({"token":"tly_x"})");
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->token->Reveal(), "tly_x");
  EXPECT_FALSE(token->code.has_value());
  const absl::StatusOr<SignIn> code = ParseSignIn(R"({"code":""})");
  ASSERT_TRUE(code.ok()) << code.status();
  EXPECT_EQ(code->code->Reveal(), "");
}

TEST(SessionJsonTest, AnythingElseIsAnErrorWithoutTheValues) {
  const auto error_of = [](std::string_view body) {
    const absl::Status status = ParseSignIn(body).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    return std::string(status.message());
  };
  EXPECT_THAT(error_of("{}"), HasSubstr("either"));
  const std::string both = error_of(R"({"token":"tly_x","code":"y"})");
  EXPECT_THAT(both, HasSubstr("either"));
  EXPECT_THAT(both, Not(HasSubstr("tly_x")));
  EXPECT_THAT(error_of(R"({"token":1})"), HasSubstr("token"));
  EXPECT_THAT(error_of(R"({"code":null})"), HasSubstr("code"));
  EXPECT_THAT(error_of(R"({"tokens":"x"})"), HasSubstr("token, code"));
  EXPECT_THAT(error_of(R"({"token":"a","token":"b"})"), HasSubstr("token"));
  error_of("[]");
}

}  // namespace
}  // namespace tallyman::api
