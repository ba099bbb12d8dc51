// The real program creates, changes and deletes stacks of a real server.

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tally/testing/tally_fixture.h"

namespace tallyman::tally {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

class StacksCommandsTest : public testing::Test {
 protected:
  // The path of a new file below the home of tally.
  std::string File(std::string_view name, std::string_view text) {
    const std::string path = absl::StrCat(server_.home(), "/", name);
    std::ofstream(path) << text;
    return path;
  }
  std::string JsonFile(const Json& json) {
    return File("stacks.json", json.dump());
  }
  TallyResult RunWithInput(std::vector<std::string> arguments,
                           std::string_view input) {
    return RunTally(std::move(arguments), {.environment = server_.Environment(),
                                           .input = std::string(input)});
  }

  TallyServer server_{{"--settle_time=0"}};
};

TEST_F(StacksCommandsTest, CreatesShowsAndDeletes) {
  const TallyResult made =
      RunWithInput({"stacks", "create", "shop", "-e", "test", "-f", "-"},
                   "web: exec sleep 1000\n");
  EXPECT_EQ(made.code, 0) << made.error;
  EXPECT_EQ(made.output.size(), 33u);  // The uid alone.
  EXPECT_EQ(RunWithInput({"stacks", "create", "shop", "-e", "test", "-f", "-"},
                         "web: exec sleep 1000\n")
                .code,
            5);
  EXPECT_EQ(RunWithInput({"stacks", "create", "bad", "-f", "-"}, "web\n").code,
            2);
  EXPECT_EQ(server_.Run({"stacks", "create", "bad", "-f", "/nowhere"}).code, 4);
  EXPECT_EQ(server_.Run({"stacks", "create", "bad"}).code, 2);

  const TallyResult shown = server_.Run({"stacks", "show", "shop", "--json"});
  const Json json = Json::parse(shown.output);
  EXPECT_EQ(json["name"], "shop");
  EXPECT_EQ(json["processes"][0]["name"], "web");
  EXPECT_THAT(server_.Run({"stacks", "show"}).output,
              HasSubstr("exec sleep 1000"));

  const TallyResult asked = server_.Run({"stacks", "delete", "shop"});
  EXPECT_EQ(asked.code, 2);
  EXPECT_THAT(asked.error, HasSubstr("-y"));
  EXPECT_EQ(server_.Run({"stacks", "delete", "shop", "--dry-run"}).output,
            "- shop: stops 0\n");
  EXPECT_EQ(server_.Run({"stacks", "delete", "shop@test", "-y"}).code, 0);
  EXPECT_EQ(server_.Run({"stacks", "show", "shop"}).code, 4);
}

TEST_F(StacksCommandsTest, ATerminalIsAsked) {
  server_.MakeStack("shop", "web: exec sleep 1000\n");
  TallyProcess refused({"stacks", "delete", "shop"},
                       {.environment = server_.Environment(), .columns = 80});
  ASSERT_TRUE(refused.WaitForOutput("[y/N]"));
  refused.Type("n\n");
  // As of every command that asks: what was asked for has not been done.
  EXPECT_EQ(refused.Wait(), 1);
  TallyProcess granted({"stacks", "delete", "shop"},
                       {.environment = server_.Environment(), .columns = 80});
  ASSERT_TRUE(granted.WaitForOutput("[y/N]"));
  granted.Type("y\n");
  EXPECT_EQ(granted.Wait(), 0);
}

TEST_F(StacksCommandsTest, AppliesWhatDiffersAndNothingElse) {
  Json stack = {{"name", "shop"},
                {"processes",
                 {{{"name", "web"},
                   {"command", "exec sleep 1000"},
                   {"instances", 2},
                   {"env", {{"KEY", "hidden-value"}}}},
                  {{"name", "old"}, {"command", "exec sleep 1001"}}}}};
  std::string file = JsonFile(stack);
  TallyResult result = server_.Run({"stacks", "apply", "-f", file});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.output, HasSubstr("+ shop is new"));
  EXPECT_THAT(result.output, HasSubstr("starts 2, stops 0, restarts 0"));
  EXPECT_THAT(server_.Run({"stacks", "show"}).output,
              HasSubstr("2        2  running"));

  result = server_.Run({"stacks", "apply", "-f", file});
  EXPECT_EQ(result.output, "  shop does not change\n");
  EXPECT_EQ(server_.Run({"stacks", "diff", "-f", file, "--check"}).code, 0);

  stack["processes"][0]["command"] = "exec sleep 2000 --password=abc";
  stack["processes"][0]["env"]["KEY"] = "other-hidden-value";
  stack["processes"][0]["directory"] = "/tmp";
  stack["processes"][1]["name"] = "new";
  stack["processes"][0]["command"] = "exec sleep 2000";
  file = JsonFile({{"stacks", {stack}}});
  result = server_.Run({"stacks", "diff", "-f", file, "--check"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.output, HasSubstr("~ web: restarts 2\n"));
  EXPECT_THAT(result.output,
              HasSubstr("command: exec sleep 1000 → exec sleep 2000\n"));
  EXPECT_THAT(result.output, HasSubstr("directory: becomes /tmp"));
  EXPECT_THAT(result.output, HasSubstr("- old"));
  EXPECT_THAT(result.output, HasSubstr("+ new: exec sleep 1001"));
  EXPECT_THAT(result.output, Not(HasSubstr("hidden-value")));
  EXPECT_EQ(server_.Run({"stacks", "apply", "-f", file, "--dry-run"}).code, 0);
  EXPECT_EQ(server_.Run({"stacks", "diff", "-f", file}).code, 0);

  result = server_.Run({"stacks", "apply", "-f", file, "--json"});
  EXPECT_EQ(result.code, 0) << result.error;
  const Json applied = Json::parse(result.output);
  EXPECT_EQ(applied[0]["change"], "changed");
  EXPECT_EQ(applied[0]["preview"]["restart"], 2);
  EXPECT_EQ(server_.Run({"stacks", "diff", "-f", file, "--check"}).code, 0);
}

TEST_F(StacksCommandsTest, SecretsOfCommandsAreNotShown) {
  const std::string file =
      JsonFile({{"name", "shop"},
                {"procfile", "web: exec sleep 1000 --password=abc\n"}});
  const TallyResult result =
      server_.Run({"stacks", "apply", "-f", file, "--dry-run"});
  EXPECT_THAT(result.output, HasSubstr("--password=***"));
  EXPECT_THAT(result.output, Not(HasSubstr("abc")));
}

TEST_F(StacksCommandsTest, AFailureIsReportedAndExits1) {
  const std::string file = JsonFile({{"name", "shop"},
                                     {"processes",
                                      {{{"name", "web"},
                                        {"command", "echo out of luck; exit 3"},
                                        {"instances", 1}}}}});
  const TallyResult result = server_.Run({"stacks", "apply", "-f", file});
  EXPECT_EQ(result.code, 1) << result.error;
  EXPECT_THAT(result.error, HasSubstr("web is crash-looping"));
  EXPECT_THAT(result.error, HasSubstr("out of luck"));
}

TEST_F(StacksCommandsTest, ATimeoutExits124) {
  // Ignores SIGTERM, so the restart takes its ten seconds.
  Json stack = {{"name", "shop"},
                {"processes",
                 {{{"name", "web"},
                   {"command", "trap '' TERM; while :; do sleep 1; done"},
                   {"instances", 1}}}}};
  ASSERT_EQ(server_.Run({"stacks", "apply", "-f", JsonFile(stack)}).code, 0);
  stack["processes"][0]["env"] = {{"A", "b"}};
  const TallyResult result = server_.Run(
      {"stacks", "apply", "-f", JsonFile(stack), "--timeout", "100ms"});
  EXPECT_EQ(result.code, 124);
  EXPECT_THAT(result.error, HasSubstr("goes on"));
}

TEST_F(StacksCommandsTest, NothingChangesIfOneOfTheFileIsWrong) {
  Json file = {{{"name", "good"}, {"procfile", "web: exec sleep 1000\n"}},
               {{"name", "bad"}, {"procfile", "web\n"}}};
  const TallyResult result =
      server_.Run({"stacks", "apply", "-f", JsonFile(file)});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.error, HasSubstr("[1]: procfile: line 1"));
  EXPECT_EQ(Json::parse(server_.Run({"stacks", "--json"}).output).size(), 0u);
}

TEST_F(StacksCommandsTest, TheFileOfTheServerFits) {
  File("Procfile", "web: exec sleep 1000\n");
  const std::string file = JsonFile(
      {{"stacks", {{{"name", "shop"}, {"procfile_path", "Procfile"}}}}});
  EXPECT_EQ(server_.Run({"stacks", "apply", "-f", file}).code, 0);
  EXPECT_THAT(server_.Run({"stacks", "show"}).output, HasSubstr("sleep 1000"));

  for (const char* const text :
       {"", "{", "3", "[3]", "{}", R"({"stacks":3})", R"([{"name":3}])",
        R"([{"name":"a","procfile":"w: x"},{"name":"a","procfile":"w: x"}])"}) {
    EXPECT_EQ(
        server_.Run({"stacks", "diff", "-f", File("bad.json", text)}).code, 2)
        << text;
  }
}

}  // namespace
}  // namespace tallyman::tally
