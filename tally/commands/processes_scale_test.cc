// tally scale, wait, actions and restart, against a real server.

#include <csignal>
#include <memory>
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

constexpr char kProcfile[] =
    "web: exec sleep 1000\nworker: exec sleep 1000\n"
    "bad: echo broken pipe to hell; exit 3\n";

std::vector<std::string> QuickFlags() {
  return {"--settle_time=0", "--restart_delay=1ms"};
}

// Actions stay open: an instance counts as running only after an hour.
std::vector<std::string> SlowFlags() {
  return {"--settle_time=1h", "--action_deadline=1h"};
}

TEST(ScaleTest, ScalesAndPrintsTheTotal) {
  TallyServer server(QuickFlags());
  server.MakeStack("shop", kProcfile);
  TallyResult result = server.Run({"scale", "web=3", "worker=+2"});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_EQ(result.output, "web: 3 of 3 run\nworker: 2 of 2 run\n");
  EXPECT_THAT(result.error, HasSubstr("web: 0 -> 3, starts 3"));
  result = server.Run({"scale", "web=[-1]"});
  EXPECT_EQ(result.output, "web: 2 of 2 run\n") << result.error;
  result = server.Run({"scale", "--name", "web", "[+2]", "--json"});
  ASSERT_EQ(result.code, 0) << result.error;
  EXPECT_EQ(Json::parse(result.output)["processes"][0]["running"], 4);
  result = server.Run({"scale", "@here:worker=1"});
  EXPECT_EQ(result.output, "worker: 1 of 1 run\n") << result.error;

  result = server.Run({"scale"});
  EXPECT_EQ(result.output, "web=4 worker=1 bad=0\n") << result.error;
  result = server.Run({"scale", "web=0", "--dry-run"});
  EXPECT_EQ(result.output, "web: 4 -> 0, stops 4\n") << result.error;
  result = server.Run({"processes", "--json"});
  EXPECT_EQ(Json::parse(result.output).size(), 3U) << result.output;
  result = server.Run({"processes"});
  EXPECT_THAT(result.output, HasSubstr("4/4")) << result.error;
  result = server.Run({"actions", "--json"});
  EXPECT_EQ(Json::parse(result.output)[0]["finished_success"], true);
  result = server.Run({"actions", "1"});
  EXPECT_THAT(result.output, HasSubstr("result:    done")) << result.error;
}

TEST(ScaleTest, RefusalsHaveExitCodesAndChangeNothing) {
  TallyServer server(QuickFlags());
  server.MakeStack("shop", kProcfile);
  EXPECT_EQ(server.Run({"scale", "web"}).code, 2);
  EXPECT_EQ(server.Run({"scale", "web=1", "web=2"}).code, 2);
  EXPECT_EQ(server.Run({"scale", "web=-1"}).code, 2);
  EXPECT_EQ(server.Run({"scale", "web=1", "worker=100000"}).code, 2);
  EXPECT_EQ(server.Run({"scale", "web=1", "none=2"}).code, 4);
  EXPECT_EQ(server.Run({"scale", "web=1@elsewhere"}).code, 4);
  EXPECT_EQ(server.Run({"scale", "web=1", "--current", "7"}).code, 5);
  EXPECT_EQ(server.Run({"actions", "99"}).code, 4);
  EXPECT_EQ(server.Run({"scale", "web=1", "--timeout", "soon"}).code, 2);
  std::vector<std::string> environment = server.BareEnvironment();
  environment.push_back(absl::StrCat("TALLY_URL=", server.url()));
  EXPECT_EQ(RunTally({"scale", "web=1"}, {.environment = environment}).code, 3);
  environment.back() = "TALLY_URL=http://127.0.0.1:1";
  EXPECT_EQ(RunTally({"scale", "web=1"}, {.environment = environment}).code, 6);
  EXPECT_EQ(server.Run({"scale"}).output, "web=0 worker=0 bad=0\n");
}

TEST(ScaleTest, AFailureShowsTheLastLines) {
  TallyServer server({"--action_deadline=2s", "--restart_delay=1ms"});
  server.MakeStack("shop", kProcfile);
  const TallyResult result = server.Run({"scale", "bad=1"});
  EXPECT_EQ(result.code, 1) << result.error;
  EXPECT_THAT(result.error, HasSubstr("the last lines of bad.1:"));
  EXPECT_THAT(result.error, HasSubstr("broken pipe to hell"));
  EXPECT_THAT(result.error, HasSubstr("exited with code 3"));
}

TEST(ScaleTest, TimeoutInterruptAndSupersessionLeaveTheActionOpen) {
  TallyServer server(SlowFlags());
  server.MakeStack("shop", kProcfile);
  TallyResult result = server.Run({"scale", "web=1", "--timeout", "1s"});
  EXPECT_EQ(result.code, 124) << result.error;
  EXPECT_THAT(result.error, HasSubstr("`tally wait -s shop --action 1`"));

  const auto waiting = server.Start({"wait", "--action", "1", "-s", "shop"});
  const auto scaling = server.Start({"scale", "worker=1"});
  ASSERT_TRUE(scaling->WaitForError("worker 1/1"));
  scaling->Signal(SIGINT);
  EXPECT_EQ(scaling->Wait(), 130);
  EXPECT_THAT(scaling->error(), HasSubstr("goes on"));

  result = server.Run({"scale", "web=2", "--detach"});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_EQ(waiting->Wait(), 1);
  EXPECT_THAT(waiting->error(), HasSubstr("superseded by action 3"));
}

TEST(ScaleTest, SurvivesARestartOfTheServer) {
  TallyServer server({"--settle_time=3s"});
  server.MakeStack("shop", kProcfile);
  const auto scaling = server.Start({"scale", "web=2"});
  ASSERT_TRUE(scaling->WaitForError("web 2/2"));
  server.Kill();
  ASSERT_TRUE(scaling->WaitForError("waiting for the server"));
  server.Start();
  EXPECT_EQ(scaling->Wait(), 0) << scaling->error();
  EXPECT_THAT(scaling->error(), HasSubstr("the server is back"));
  EXPECT_EQ(scaling->output(), "web: 2 of 2 run\n");
}

TEST(ScaleTest, ConcurrentRelativeCountsAddUp) {
  TallyServer server(QuickFlags());
  server.MakeStack("shop", kProcfile);
  std::vector<std::unique_ptr<TallyProcess>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(server.Start({"scale", "web=+1", "--detach"}));
  }
  for (const auto& client : clients) {
    EXPECT_EQ(client->Wait(), 0) << client->error();
  }
  const TallyResult result =
      server.Run({"wait", "shop/web", "--for", "count=4"});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_EQ(result.output, "web: 4 of 4 run\n");
}

TEST(ScaleTest, ATerminalGetsABarAndAQuestion) {
  TallyServer server({"--settle_time=1s"});
  server.MakeStack("shop", kProcfile);
  TallyResult result = server.RunOnTerminal({"scale", "web=2"}, 80);
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("[####"));
  TallyProcess refused({"scale", "web=0"},
                       {.environment = server.Environment(), .columns = 80});
  ASSERT_TRUE(refused.WaitForOutput("[y/N]"));
  refused.Type("n\n");
  EXPECT_EQ(refused.Wait(), 1);
  EXPECT_EQ(server.Run({"scale"}).output, "web=2 worker=0 bad=0\n");
  // Without a terminal nothing is asked.
  EXPECT_EQ(server.Run({"scale", "web=0"}).code, 0);
}

TEST(ActTest, PausesResumesRestartsAndSignals) {
  TallyServer server(QuickFlags());
  const std::string uid = server.MakeStack("shop", kProcfile);
  ASSERT_EQ(server.Run({"scale", "web=2"}).code, 0);
  TallyResult result = server.Run({"processes", "pause", "web.1"});
  EXPECT_EQ(result.output, "web: 2 of 2 run (1 paused)\n") << result.error;
  result = server.Run({"processes", "resume"});
  EXPECT_EQ(result.code, 0) << result.error;
  const auto pids = [&] {
    std::vector<int> found;
    const Json shown = server.Ask(
        "GET", absl::StrCat("/api/3/stacks/", uid, "/processes/web"));
    for (const Json& instance : shown["response"]["instances"]) {
      found.push_back(instance["pid"]);
    }
    return found;
  };
  const std::vector<int> before = pids();
  result = server.Run({"processes", "restart", "web"});
  EXPECT_EQ(result.output, "web: 2 of 2 run\n") << result.error;
  EXPECT_NE(pids()[0], before[0]);
  EXPECT_NE(pids()[1], before[1]);
  EXPECT_EQ(server.Run({"processes", "restart", "-y"}).code, 0);
  EXPECT_EQ(server.Run({"processes", "signal", "web", "SIGWINCH"}).code, 0);
  EXPECT_EQ(server.Run({"processes", "signal", "web", "STOP"}).code, 2);
  result = server.Run({"processes", "restart", "wbe"});
  EXPECT_EQ(result.code, 4);
  EXPECT_THAT(result.error, HasSubstr("web"));
  result = server.Run({"wait", "shop", "--timeout", "1m"});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_EQ(server.Run({"wait", "shop/bad", "--for", "stopped"}).code, 0);
  EXPECT_EQ(
      server.Run({"wait", "shop/web", "--for", "stopped", "--timeout=1s"}).code,
      124);
  EXPECT_EQ(server.Run({"wait", "shop/none"}).code, 4);
  EXPECT_EQ(server.Run({"wait", "--for", "up"}).code, 2);
}

}  // namespace
}  // namespace tallyman::tally
