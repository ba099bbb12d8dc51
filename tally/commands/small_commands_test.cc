// `tally servers`, `status` and `api` against a real server.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tally/testing/tally_fixture.h"

namespace tallyman::tally {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

TEST(SmallCommandsTest, Servers) {
  TallyServer server({"--server_name=here"});
  EXPECT_EQ(server.Run({"servers", "--json"}).output, "[]\n");
  server.MakeStack("shop", "web: exec sleep 1000\n");
  server.MakeStack("other", "web: exec sleep 1000\n");
  const Json list = Json::parse(server.Run({"servers", "--json"}).output);
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0]["name"], "here");
  EXPECT_THAT(server.Run({"servers", "-s", "shop", "here"}).output,
              HasSubstr("healthy"));
  EXPECT_EQ(server.Run({"servers", "there"}).code, 4);
}

TEST(SmallCommandsTest, Status) {
  TallyServer server;
  const Json status = Json::parse(server.Run({"status", "--json"}).output);
  EXPECT_EQ(status["url"], server.url());
  EXPECT_EQ(status["ready"], true);
  EXPECT_EQ(status["token_accepted"], true);
  EXPECT_EQ(server.Run({"status", "--check"}).code, 0);
  std::vector<std::string> environment = server.BareEnvironment();
  environment.push_back(absl::StrCat("TALLY_URL=", server.url()));
  environment.push_back("TALLY_TOKEN=tly_wrong");
  EXPECT_EQ(RunTally({"status"}, {.environment = environment}).code, 0);
  EXPECT_EQ(RunTally({"status", "--check"}, {.environment = environment}).code,
            3);
  server.Kill();
  EXPECT_EQ(server.Run({"status"}).code, 6);
  server.Start();
}

TEST(SmallCommandsTest, Api) {
  const TallyServer server;
  EXPECT_EQ(server.Run({"api", "get", "/healthz"}).output,
            "{\"status\":\"ok\"}");
  EXPECT_THAT(server.Run({"api", "GET", "/metrics"}).output,
              HasSubstr("tallyman_build_info"));
  const TallyResult made =
      server.Run({"api", "POST", "/api/3/stacks", "-d",
                  R"({"name":"shop","procfile":"web: exec sleep 1000\n"})"});
  EXPECT_EQ(made.code, 0) << made.error;
  EXPECT_EQ(Json::parse(made.output)["response"]["name"], "shop");
  const TallyResult missing =
      server.Run({"api", "GET", "/api/3/stacks/x", "--json"});
  EXPECT_EQ(missing.code, 4);
  EXPECT_EQ(Json::parse(missing.error)["answer"]["error"], "not_found");
  EXPECT_EQ(server.Run({"api", "GET", "stacks"}).code, 2);
  EXPECT_EQ(server.Run({"api", "G E", "/stacks"}).code, 2);
  EXPECT_EQ(server.Run({"api", "POST", "/tokens", "-d", "{"}).code, 2);
  EXPECT_THAT(server.RunOnTerminal({"api", "GET", "/healthz"}, 80).output,
              HasSubstr("  \"status\": \"ok\""));
}

}  // namespace
}  // namespace tallyman::tally
