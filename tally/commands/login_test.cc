// End to end: login, contexts and logout against a real server.

#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tally/testing/tally_fixture.h"

namespace tallyman::tally {
namespace {

using ::testing::Contains;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Json = nlohmann::json;

class LoginTest : public testing::Test {
 protected:
  TallyResult Run(std::vector<std::string> arguments,
                  const std::string& input = "") const {
    return RunTally(std::move(arguments),
                    {.environment = server_.BareEnvironment(), .input = input});
  }
  TallyResult Login(const std::string& name, const std::string& token) const {
    return Run({"login", name, "--url", server_.url(), "--token-file", "-"},
               absl::StrCat(token, "\n"));
  }
  std::string MakeToken(const std::string& scope) const {
    return server_.Ask(
        "POST", "/tokens",
        {{"name", scope}, {"scopes", {scope}}})["response"][0]["token"];
  }
  std::string ConfigPath(const std::string& name = "config.json") const {
    return absl::StrCat(server_.home(), "/.config/tally/", name);
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  TallyServer server_;
};

TEST_F(LoginTest, StoresATokenThatTheServerTakes) {
  const TallyResult login = Login("prod", server_.token());
  EXPECT_EQ(login.code, 0) << login.error;
  EXPECT_THAT(login.output, HasSubstr("context \"prod\""));
  EXPECT_THAT(login.output, HasSubstr("scopes: public, admin"));
  struct stat info;
  ASSERT_EQ(stat(ConfigPath().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);

  const TallyResult stacks = Run({"stacks"});
  EXPECT_EQ(stacks.code, 0) << stacks.error;

  const TallyResult reader = Login("reader", MakeToken("public"));
  EXPECT_EQ(reader.code, 0) << reader.error;
  EXPECT_THAT(reader.output, HasSubstr("(scopes: public)"));

  const TallyResult contexts = Run({"contexts"});
  EXPECT_THAT(contexts.output, HasSubstr("*        reader"));
  EXPECT_THAT(contexts.output, HasSubstr("         prod"));
  EXPECT_THAT(contexts.output, Not(HasSubstr("tly_")));
  EXPECT_EQ(Run({"contexts", "use", "prod"}).code, 0);
  const Json list = Json::parse(Run({"--json", "contexts"}).output);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0]["name"], "prod");
  EXPECT_EQ(list[0]["current"], true);
  EXPECT_EQ(list[1]["current"], false);
  EXPECT_THAT(list.dump(), Not(HasSubstr("tly_")));
}

TEST_F(LoginTest, StoresNothingThatTheServerRefuses) {
  const TallyResult wrong = Login("prod", "tly_wrong");
  EXPECT_EQ(wrong.code, 3) << wrong.error;
  EXPECT_THAT(Read(ConfigPath()), IsEmpty());

  ASSERT_EQ(Login("prod", server_.token()).code, 0);
  const std::string before = Read(ConfigPath());
  EXPECT_EQ(Login("prod", "tly_wrong").code, 3);
  EXPECT_EQ(Read(ConfigPath()), before);

  const TallyResult nobody =
      Run({"login", "--url", "http://127.0.0.1:1", "--token-file", "-"}, "x");
  EXPECT_EQ(nobody.code, 6) << nobody.error;
  EXPECT_EQ(Read(ConfigPath()), before);
}

TEST_F(LoginTest, AsksForTheTokenWithoutEcho) {
  TallyProcess tally(
      {"login", "prod", "--url", server_.url()},
      {.environment = server_.BareEnvironment(), .columns = 200});
  ASSERT_TRUE(tally.WaitForOutput("Token for")) << tally.output();
  tally.Type(absl::StrCat(server_.token(), "\n"));
  EXPECT_EQ(tally.Wait(), 0) << tally.output();
  EXPECT_THAT(tally.output(), HasSubstr("Logged in to"));
  EXPECT_THAT(tally.output(), Not(HasSubstr(server_.token())));
}

TEST_F(LoginTest, CanBeInterruptedWhileItAsks) {
  TallyProcess tally(
      {"login", "prod", "--url", server_.url()},
      {.environment = server_.BareEnvironment(), .columns = 200});
  ASSERT_TRUE(tally.WaitForOutput("Token for")) << tally.output();
  tally.Signal(SIGINT);
  EXPECT_EQ(tally.Wait(), 130) << tally.output();
  EXPECT_THAT(Read(ConfigPath()), IsEmpty());
}

TEST_F(LoginTest, NeedsAServerAndAToken) {
  const TallyResult no_url = Run({"login", "prod", "--token-file", "-"}, "x");
  EXPECT_EQ(no_url.code, 2);
  EXPECT_THAT(no_url.error, HasSubstr("--url is missing"));
  const TallyResult no_token = Run({"login", "--url", server_.url()});
  EXPECT_EQ(no_token.code, 2);
  EXPECT_THAT(no_token.error, HasSubstr("no token"));
  const TallyResult half =
      Run({"login", "--url", server_.url(), "--client-id", "client-1"});
  EXPECT_EQ(half.code, 2);
  EXPECT_THAT(half.error, HasSubstr("belong together"));
}

TEST_F(LoginTest, WarnsOfATokenInTheArguments) {
  const TallyResult option =
      Run({"--url", server_.url(), "--token", server_.token(), "stacks"});
  EXPECT_EQ(option.code, 0) << option.error;
  EXPECT_THAT(option.error, HasSubstr("other users can see a token"));
  EXPECT_THAT(option.error, Not(HasSubstr(server_.token())));

  const TallyResult name =
      Run({"login", server_.token(), "--url", server_.url()});
  EXPECT_EQ(name.code, 2);
  EXPECT_THAT(name.error, HasSubstr("no token; give the token with"));
  EXPECT_THAT(name.error, Not(HasSubstr(server_.token())));
}

TEST_F(LoginTest, HidesATokenOfTheArgumentsFromOtherUsers) {
  TallyProcess tally(
      {"--token", server_.token(), "login", "prod", "--url", server_.url(),
       "--client-id", "client-1", "--client-secret-file", "x"},
      {.environment = server_.BareEnvironment(), .columns = 200});
  // The warning comes after the arguments are overwritten.
  ASSERT_TRUE(tally.WaitForOutput("other users")) << tally.output();
  EXPECT_THAT(Read(absl::StrCat("/proc/", tally.pid(), "/cmdline")),
              Not(HasSubstr(server_.token())));
  EXPECT_EQ(tally.Wait(), 2);
}

TEST_F(LoginTest, KeepsTheTokenOfAnOAuthClient) {
  const Json client =
      server_.Ask("POST", "/oauth/clients",
                  {{"name", "deploy"}, {"scopes", {"public"}}})["response"][0];
  const auto login = [&](const std::string& secret) {
    return Run(
        {"login", "ci", "--url", server_.url(), "--client-id",
         client["client_id"].get<std::string>(), "--client-secret-file", "-"},
        secret);
  };
  EXPECT_EQ(login("tlc_wrong").code, 3);
  EXPECT_THAT(Read(ConfigPath()), IsEmpty());
  EXPECT_THAT(Read(ConfigPath("tokens.json")), IsEmpty());

  const TallyResult done = login(client["client_secret"]);
  EXPECT_EQ(done.code, 0) << done.error;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Run({"stacks"}).code, 0);
  // The server's list has one token of the client.
  const auto fetched = [&] {
    std::vector<int> ids;
    const Json tokens = server_.Ask("GET", "/tokens");
    for (const Json& token : tokens["response"]) {
      if (token.value("client_id", Json()) == client["client_id"]) {
        ids.push_back(token["id"]);
      }
    }
    return ids;
  };
  const std::vector<int> first = fetched();
  ASSERT_EQ(first.size(), 1U);

  // A revoked one is replaced.
  server_.Ask("DELETE", absl::StrCat("/tokens/", first[0]));
  EXPECT_EQ(Run({"stacks"}).code, 0);
  EXPECT_EQ(Run({"stacks"}).code, 0);
  // The server may show the revoked one, too.
  EXPECT_THAT(fetched(), Contains(Gt(first[0])).Times(1));

  EXPECT_EQ(Run({"logout"}).code, 0);
  EXPECT_THAT(Read(ConfigPath("tokens.json")), Not(HasSubstr("tly_")));
}

TEST_F(LoginTest, LogoutRemovesAContext) {
  ASSERT_EQ(Login("prod", server_.token()).code, 0);
  EXPECT_EQ(Run({"logout", "other"}).code, 4);
  EXPECT_EQ(Run({"contexts", "use", "other"}).code, 4);
  const TallyResult logout = Run({"logout"});
  EXPECT_EQ(logout.code, 0) << logout.error;
  EXPECT_THAT(logout.error, HasSubstr("still accepts its token"));
  EXPECT_THAT(Read(ConfigPath()), Not(HasSubstr("tly_")));
  EXPECT_EQ(Run({"logout"}).code, 2);
}

TEST_F(LoginTest, RefusesAFileThatOthersCanRead) {
  ASSERT_EQ(Login("prod", server_.token()).code, 0);
  ASSERT_EQ(chmod(ConfigPath().c_str(), 0644), 0);
  const TallyResult stacks = Run({"stacks"});
  EXPECT_NE(stacks.code, 0);
  EXPECT_THAT(stacks.error, HasSubstr("chmod 600"));
}

TEST_F(LoginTest, PrintsErrorsAsJson) {
  const TallyResult unknown = Run({"--json", "stakcs"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.output, IsEmpty());
  const Json error = Json::parse(unknown.error);
  EXPECT_EQ(error["exit_code"], 2);
  EXPECT_THAT(error["error"].get<std::string>(),
              HasSubstr("did you mean \"stacks\"?"));
}

TEST_F(LoginTest, ShowsHelp) {
  const TallyResult help = Run({"help", "contexts", "use"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.output, HasSubstr("tally contexts use [OPTIONS] NAME"));
  EXPECT_EQ(Run({"contexts", "use", "--help"}).output, help.output);
  EXPECT_EQ(Run({"help"}).output, Run({"--no-color", "--help"}).output);
  EXPECT_THAT(Run({"help", "contexts"}).output,
              HasSubstr("`tally contexts` alone is `tally contexts list`"));
  EXPECT_EQ(Run({"help", "nothing"}).code, 2);
}

}  // namespace
}  // namespace tallyman::tally
