// The real program manages tokens, clients, sessions and webhooks.

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tally/testing/tally_fixture.h"

namespace tallyman::tally {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

TEST(AccessCommandsTest, ATokenIsMadeUsedAndRevoked) {
  const TallyServer server;
  const TallyResult made =
      server.Run({"tokens", "create", "ci", "--expires", "30d",
                  "--hourly-limit", "50", "--daily-limit", "70"});
  EXPECT_EQ(made.code, 0) << made.error;
  EXPECT_TRUE(absl::StartsWith(made.output, "tly_")) << made.output;
  EXPECT_EQ(made.output.find('\n'), made.output.size() - 1);
  EXPECT_THAT(made.error, HasSubstr("only this once"));

  std::vector<std::string> environment = server.BareEnvironment();
  environment.push_back(absl::StrCat("TALLY_URL=", server.url()));
  environment.push_back(absl::StrCat(
      "TALLY_TOKEN=", made.output.substr(0, made.output.size() - 1)));
  EXPECT_EQ(RunTally({"stacks"}, {.environment = environment}).code, 0);
  EXPECT_EQ(RunTally({"tokens"}, {.environment = environment}).code, 3);

  const Json list = Json::parse(server.Run({"tokens", "--json"}).output);
  EXPECT_EQ(list.back()["name"], "ci");
  EXPECT_EQ(list.back()["hourly_limit"], 50);
  EXPECT_EQ(list.back()["daily_limit"], 70);
  EXPECT_THAT(server.Run({"tokens", "show", "ci"}).output, HasSubstr("public"));
  EXPECT_EQ(server.Run({"tokens", "revoke", "ci"}).code, 0);
  EXPECT_EQ(RunTally({"stacks"}, {.environment = environment}).code, 3);
  EXPECT_THAT(server.Run({"tokens"}).output, Not(HasSubstr("ci ")));
  EXPECT_THAT(server.Run({"tokens", "list", "-a"}).output,
              HasSubstr("revoked"));
  EXPECT_EQ(server.Run({"tokens", "revoke", "ci"}).code, 4);
  EXPECT_EQ(server.Run({"tokens", "create", "x", "--scope", "root"}).code, 2);
  EXPECT_EQ(server.Run({"tokens", "create", "x", "--expires", "soon"}).code, 2);
  EXPECT_EQ(server.Run({"tokens", "create", "x", "--hourly-limit", "1x"}).code,
            2);
}

TEST(AccessCommandsTest, AClientIsMadeAndRevoked) {
  const TallyServer server;
  const TallyResult made =
      server.Run({"clients", "create", "deploy", "--token-lifetime", "15m",
                  "--scope", "admin"});
  EXPECT_EQ(made.code, 0) << made.error;
  EXPECT_THAT(made.output, HasSubstr("client_id=client-"));
  EXPECT_THAT(made.output, HasSubstr("client_secret=tlc_"));
  EXPECT_EQ(Json::parse(
                server.Run({"clients", "--json"}).output)[0]["token_lifetime"],
            900);
  EXPECT_THAT(server.Run({"clients", "show", "deploy"}).output,
              HasSubstr("15m00s"));
  EXPECT_EQ(server.Run({"clients", "delete", "deploy"}).code, 0);
  EXPECT_EQ(server.Run({"clients", "show", "deploy"}).code, 4);
}

TEST(AccessCommandsTest, SessionsAreListedAndEnded) {
  const TallyServer server;
  EXPECT_EQ(server.Run({"sessions", "--json"}).output, "[]\n");
  server.Ask("POST", "/session", {{"token", server.token()}});
  const Json list = Json::parse(server.Run({"sessions", "--json"}).output);
  ASSERT_EQ(list.size(), 1u);
  EXPECT_THAT(server.Run({"sessions"}).output, HasSubstr("127.0.0.1"));
  EXPECT_EQ(server.Run({"sessions", "end"}).code, 2);
  EXPECT_EQ(
      server.Run({"sessions", "end", absl::StrCat(list[0]["id"].get<int>())})
          .code,
      0);
  EXPECT_EQ(server.Run({"sessions", "--json"}).output, "[]\n");
  EXPECT_EQ(server.Run({"sessions", "end", "--all"}).code, 0);
}

TEST(AccessCommandsTest, AWebhookIsMadeAndDeleted) {
  const TallyServer server({"--webhook_hosts=hooks.example.com"});
  const TallyResult made =
      server.Run({"webhooks", "create", "pager", "https://hooks.example.com/x",
                  "--event", "crash_looping", "--event", "keeper_lost"});
  EXPECT_EQ(made.code, 0) << made.error;
  EXPECT_TRUE(absl::StartsWith(made.output, "whs_")) << made.output;
  EXPECT_THAT(server.Run({"webhooks"}).output, HasSubstr("pager"));
  EXPECT_EQ(
      Json::parse(
          server.Run({"webhooks", "show", "pager", "--json"}).output)["events"]
          .size(),
      2u);
  EXPECT_EQ(server.Run({"webhooks", "delete", "pager"}).code, 0);
  EXPECT_EQ(server.Run({"webhooks", "delete", "pager"}).code, 4);
  EXPECT_EQ(server.Run({"webhooks", "create", "a", "https://b"}).code, 2);
}

}  // namespace
}  // namespace tallyman::tally
