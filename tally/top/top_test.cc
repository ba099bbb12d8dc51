// The real tally top against a real server, in a window of tmux.

#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tally/testing/tally_fixture.h"
#include "tally/top/testing/tmux.h"

namespace tallyman::tally {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kProgram = "tally/tally";

class TopTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Tmux::IsInstalled()) GTEST_SKIP() << "tmux is not installed";
    server_.emplace();
    tmux_.emplace(Tmux::Options{.environment = server_->Environment()});
  }

  // The uid of a new stack "shop" with one instance of "web".
  std::string MakeShop(std::string_view command) {
    const nlohmann::json stack = server_->Ask(
        "POST", "/api/3/stacks",
        {{"name", "shop"},
         {"processes",
          {{{"name", "web"}, {"command", command}, {"instances", 1}}}}});
    return stack["response"]["uid"].get<std::string>();
  }

  // Starts it at the prompt of the shell, which prints its exit code and the
  // modes of the terminal before and after.
  void StartTop(std::string_view options = "") {
    tmux_->Type(absl::StrCat("B=$(stty -a); ", kProgram, " top ", options,
                             "; C=$?; A=$(stty -a); [ \"$A\" = \"$B\" ] && "
                             "echo same-$C- || echo other-$C-\n"));
  }
  // The screen is the one before, and the modes are the same.
  void ExpectEnd(int code) {
    EXPECT_TRUE(tmux_->WaitFor(absl::StrCat("same-", code, "-")))
        << tmux_->Screen();
    const std::vector<std::string> lines = tmux_->Lines();
    EXPECT_THAT(lines.front(), StartsWith("$ B=$(stty -a)"));
    EXPECT_THAT(absl::StrJoin(lines, "\n"),
                ::testing::Not(HasSubstr("Stacks")));
    // The cursor is back, and lines wrap.
    tmux_->Type("echo again\n");
    EXPECT_TRUE(tmux_->WaitFor("\nagain"));
  }

  std::optional<TallyServer> server_;
  std::optional<Tmux> tmux_;
};

TEST_F(TopTest, ShowsAndFindsProcesses) {
  MakeShop("exec sleep 4242");
  StartTop();
  ASSERT_TRUE(tmux_->WaitFor("live")) << tmux_->Screen();
  ASSERT_TRUE(tmux_->WaitFor("PID USER")) << tmux_->Screen();
  const std::vector<std::string> lines = tmux_->Lines();
  ASSERT_EQ(lines.size(), 24U);
  EXPECT_THAT(lines[0], StartsWith(absl::StrCat(" tally Processes  Stacks  ",
                                                server_->url())));
  EXPECT_THAT(lines[0], EndsWith("live"));
  EXPECT_EQ(lines[2],
            "    PID USER     NAME             STATE       CPU MEMOR▼     TIME "
            "COMMAND");
  EXPECT_EQ(lines[23],
            " / search  t tree  p pause  h hold  < > sort  Enter details  g s "
            "stacks  ? help");

  tmux_->Type("/\"sleep 4242\"");
  ASSERT_TRUE(tmux_->WaitFor("1 of ")) << tmux_->Screen();
  EXPECT_THAT(tmux_->Lines()[3], HasSubstr("sleep"));
  EXPECT_EQ(tmux_->Lines()[4], "");
  tmux_->PressKey("Enter");
  tmux_->PressKey("Enter");
  ASSERT_TRUE(tmux_->WaitFor("proportional")) << tmux_->Screen();
  EXPECT_THAT(tmux_->Screen(), HasSubstr("belongs to   shop/web.1"));
  tmux_->PressKey("End");
  ASSERT_TRUE(tmux_->WaitFor("environment")) << tmux_->Screen();
  tmux_->PressKey("Escape");
  ASSERT_TRUE(tmux_->WaitFor("PID USER"));

  tmux_->Resize(120, 30);
  ASSERT_TRUE(tmux_->WaitFor("READ WRITTEN")) << tmux_->Screen();
  ASSERT_TRUE(tmux_->WaitUntil([&](const std::string&) {
    const std::vector<std::string> now = tmux_->Lines();
    return now.size() == 30 && absl::StartsWith(now[29], " / search");
  })) << tmux_->Screen();
  tmux_->Resize(80, 24);
  ASSERT_TRUE(tmux_->WaitForEndOf("READ WRITTEN")) << tmux_->Screen();
  tmux_->Type("q");
  ExpectEnd(0);
}

TEST_F(TopTest, ScalesAStackAndShowsItsLog) {
  const std::string uid = MakeShop("echo 'ready \\033[31m'; exec sleep 4243");
  StartTop();
  ASSERT_TRUE(tmux_->WaitFor("live")) << tmux_->Screen();
  tmux_->Type("gs");
  ASSERT_TRUE(tmux_->WaitFor("1 of 1 running")) << tmux_->Screen();
  tmux_->Type("j++");
  ASSERT_TRUE(tmux_->WaitFor("3/3")) << tmux_->Screen();
  ASSERT_TRUE(tmux_->WaitFor("✓ scale web to 3 on")) << tmux_->Screen();
  const nlohmann::json process = server_->Ask(
      "GET", absl::StrCat("/api/3/stacks/", uid, "/processes/web"));
  EXPECT_EQ(process["response"]["instances"].size(), 3U);

  tmux_->Type("---");
  ASSERT_TRUE(tmux_->WaitFor("y: yes")) << tmux_->Screen();
  EXPECT_THAT(tmux_->Lines()[23], StartsWith(" Stop 3 instances of web on "));
  tmux_->Type("n");
  ASSERT_TRUE(tmux_->WaitForEndOf("y: yes"));

  tmux_->Type("l");
  ASSERT_TRUE(tmux_->WaitFor("web.1 | ready ")) << tmux_->Screen();
  EXPECT_THAT(tmux_->Lines()[2], EndsWith("follows"));
  tmux_->PressKey("Escape");
  ASSERT_TRUE(tmux_->WaitFor("RUNNING/WANTED"));
  tmux_->Type("?");
  ASSERT_TRUE(tmux_->WaitFor("this help"));
  tmux_->Type("q");
  ExpectEnd(0);
}

TEST_F(TopTest, TheMouseWorks) {
  StartTop();
  ASSERT_TRUE(tmux_->WaitFor("live")) << tmux_->Screen();
  // A press on the second tab, as xterm sends it.
  tmux_->Type("\x1b[<0;20;1M\x1b[<0;20;1m");
  ASSERT_TRUE(tmux_->WaitFor("no stacks")) << tmux_->Screen();
  tmux_->PressKey("C-c");
  ExpectEnd(130);
}

TEST_F(TopTest, SignalsLeaveTheTerminalAsItWas) {
  for (const auto& [signal, code] : {std::pair{SIGTERM, 143},
                                     {SIGHUP, 129},
                                     {SIGINT, 130},
                                     {SIGABRT, 134}}) {
    tmux_->Type("clear\n");
    ASSERT_TRUE(tmux_->WaitForEndOf("again"));
    StartTop();
    ASSERT_TRUE(tmux_->WaitFor("live")) << tmux_->Screen();
    const pid_t pid = tmux_->ChildPid();
    ASSERT_GT(pid, 0);
    ASSERT_EQ(kill(pid, signal), 0);
    ExpectEnd(code);
  }
}

TEST_F(TopTest, StopsAndGoesOn) {
  StartTop();
  ASSERT_TRUE(tmux_->WaitFor("live")) << tmux_->Screen();
  tmux_->PressKey("C-z");
  ASSERT_TRUE(tmux_->WaitForEndOf("Processes")) << tmux_->Screen();
  tmux_->Type("stty -a | grep -c -w icanon; fg\n");
  ASSERT_TRUE(tmux_->WaitFor("Processes")) << tmux_->Screen();
  tmux_->Type("gs");
  ASSERT_TRUE(tmux_->WaitFor("no stacks")) << tmux_->Screen();
  tmux_->Type("q");
  ASSERT_TRUE(tmux_->WaitForEndOf("no stacks")) << tmux_->Screen();
  EXPECT_THAT(tmux_->Screen(), HasSubstr("\n1\n")) << "in canonical mode";
}

TEST_F(TopTest, KeepsTheDataWhileTheServerIsAway) {
  StartTop();
  ASSERT_TRUE(tmux_->WaitFor("live")) << tmux_->Screen();
  ASSERT_TRUE(tmux_->WaitFor("running, ")) << tmux_->Screen();
  server_->Kill();
  ASSERT_TRUE(tmux_->WaitFor(" old, again in ")) << tmux_->Screen();
  EXPECT_THAT(tmux_->Lines()[3], ::testing::Not(""));
  server_->Start();
  tmux_->Type("R");
  ASSERT_TRUE(tmux_->WaitFor("live")) << tmux_->Screen();
  tmux_->Type("q");
  ExpectEnd(0);
}

TEST_F(TopTest, ATokenThatIsRefusedIsAnError) {
  tmux_->Type(absl::StrCat("TALLY_TOKEN=tly_wrong ", kProgram,
                           " top; echo code-$?-\n"));
  ASSERT_TRUE(tmux_->WaitFor("code-3-")) << tmux_->Screen();
  EXPECT_THAT(tmux_->Screen(), HasSubstr("tally: "));
}

TEST_F(TopTest, NeedsATerminal) {
  const TallyResult result = server_->Run({"top"});
  EXPECT_NE(result.code, 0);
  EXPECT_THAT(result.error, HasSubstr("no terminal"));
}

}  // namespace
}  // namespace tallyman::tally
