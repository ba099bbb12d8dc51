// End to end: an operator creates a stack, scales it, and kills the server.

#include <sched.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "platform/testing/proc_file.h"
#include "platform/testing/temp_directory.h"
#include "tools/harness/http_client.h"
#include "tools/harness/server_process.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using Json = nlohmann::ordered_json;

class StacksServerTest : public testing::Test {
 protected:
  StacksServerTest() {
    Start();
    token_ = server_->shown_token();
    CHECK(!token_.empty());
    // A token without a limit that the test could reach.
    const Json made = Ask("POST", "/tokens",
                          R"({"name":"tester","scopes":["admin"],)"
                          R"("hourly_limit":1000000000})");
    token_ = made["response"][0]["token"];
  }
  ~StacksServerTest() override {
    // Ends all instances.
    const Json stacks = Get("/stacks");
    for (const Json& stack : stacks["response"]) {
      const Json action = Ask("DELETE", Path("/stacks/", stack["uid"]));
      WaitForAction(stack["uid"], action["response"][0]["id"]);
    }
    server_->Signal(SIGTERM);
    EXPECT_EQ(server_->Wait(), 0);
  }

  void Start(std::vector<std::string> more = {}) {
    more.insert(more.end(),
                {absl::StrCat("--data_dir=", data_dir_), "--settle_time=0",
                 "--restart_delay=1ms", "--server_name=here"});
    server_.emplace(more);
    CHECK(server_->WaitUntilListening()) << server_->standard_error();
  }

  static std::string Path(std::string_view a, const std::string& b,
                          std::string_view c = "") {
    return absl::StrCat(a, b, c);
  }

  Json Ask(std::string_view method, std::string_view target,
           std::optional<std::string> body = std::nullopt) {
    std::vector<std::string> headers = {
        absl::StrCat("Authorization: Bearer ", token_)};
    if (body) headers.emplace_back("Content-Type: application/json");
    const harness::ClientResponse response =
        harness::HttpClient(server_->port())
            .Request(method, target, headers, body);
    EXPECT_LT(response.status, 300) << response.body;
    return Json::parse(response.body);
  }
  Json Get(std::string_view target) { return Ask("GET", target); }

  // Polls until the action has ended, which needs no further request.
  Json WaitForAction(const std::string& stack, int64_t id) {
    while (true) {
      const Json action =
          Get(absl::StrCat("/api/3/stacks/", stack, "/actions/", id));
      if (!action["response"]["finished_at"].is_null()) {
        return action["response"];
      }
    }
  }

  std::string MakeStack(const std::string& procfile) {
    const Json made = Ask("POST", "/stacks",
                          Json{{"name", "app"}, {"procfile", procfile}}.dump());
    return made["response"][0]["uid"];
  }

  void ScaleTo(const std::string& stack, std::string_view process, int count) {
    const std::string server =
        Get(Path("/stacks/", stack, "/servers"))["response"][0]["uid"];
    const Json action =
        Ask("POST", absl::StrCat("/stacks/", stack,
                                 "/processes.json?process_name=", process,
                                 "&server_count=", server, ":", count));
    const Json ended = WaitForAction(stack, action["response"][0]["id"]);
    EXPECT_EQ(ended["finished_success"], true) << ended;
  }

  std::set<int> Pids(const std::string& stack, std::string_view process) {
    std::set<int> pids;
    const Json shown =
        Get(absl::StrCat("/api/3/stacks/", stack, "/processes/", process));
    for (const Json& instance : shown["response"]["instances"]) {
      if (!instance["pid"].is_null()) pids.insert(instance["pid"].get<int>());
    }
    return pids;
  }

  const platform::TempDirectory directory_;
  const std::string& data_dir_ = directory_.path();
  std::optional<harness::ServerProcess> server_;
  std::string token_;
};

TEST_F(StacksServerTest, InstancesSurviveAKillOfTheServer) {
  const std::string stack = MakeStack("web: sleep 1000\nworker: sleep 1001\n");
  ScaleTo(stack, "worker", 4);
  const std::set<int> pids = Pids(stack, "worker");
  ASSERT_THAT(pids, SizeIs(4));
  const Json listed = Get(Path("/stacks/", stack, "/processes"));
  EXPECT_EQ(listed["response"][1]["servers"], Json({{"here", 4}}));

  // The list of the host's processes has them too.
  for (const int pid : pids) {
    // During execve(2) the process has no arguments.
    while (platform::ReadProc(pid, "cmdline") == "") sched_yield();
    const Json found =
        Get(absl::StrCat("/server/processes?fields=command_line&pid=", pid));
    ASSERT_THAT(found["data"], SizeIs(1));
    EXPECT_EQ(found["data"][0]["command_line"], "sleep 1001");
  }

  server_->Signal(SIGKILL);
  server_->Wait();
  Start();
  EXPECT_EQ(Pids(stack, "worker"), pids);
  int started = 0;
  const Json events = Get(Path("/stacks/", stack, "/events?per_page=100"));
  for (const Json& event : events["response"]) {
    if (event["event"] == "started") ++started;
  }
  EXPECT_EQ(started, 4);
}

TEST_F(StacksServerTest, InstancesSurviveAStopOfTheServer) {
  const std::string stack = MakeStack("worker: sleep 1000\n");
  ScaleTo(stack, "worker", 2);
  const std::set<int> pids = Pids(stack, "worker");
  server_->Signal(SIGTERM);
  EXPECT_EQ(server_->Wait(), 0);
  for (const int pid : pids) EXPECT_EQ(getpgid(pid), pid);
  Start();
  EXPECT_EQ(Pids(stack, "worker"), pids);
}

TEST_F(StacksServerTest, EachStartAppliesTheStacksFile) {
  const std::string file = absl::StrCat(data_dir_, "/stacks.json");
  const auto write = [&](std::string_view command) {
    std::ofstream(absl::StrCat(data_dir_, "/Procfile"))
        << "web: " << command << "\n";
    std::ofstream(file) << R"({"stacks":[{"name":"shop","environment":"test",)"
                        << R"("procfile_path":"Procfile"}]})";
  };
  const auto restart = [&] {
    server_->Signal(SIGTERM);
    EXPECT_EQ(server_->Wait(), 0);
    Start({absl::StrCat("--stacks_file=", file)});
  };
  write("sleep 1000");
  restart();
  const Json stacks = Get("/stacks?per_page=10");
  ASSERT_THAT(stacks["response"], SizeIs(1));
  const std::string stack = stacks["response"][0]["uid"];
  ScaleTo(stack, "web", 1);
  const std::set<int> before = Pids(stack, "web");
  restart();
  EXPECT_EQ(Pids(stack, "web"), before);
  write("sleep 2000");
  restart();
  // The same stack with the new command; the desired count stays.
  const Json web = Get(Path("/stacks/", stack, "/processes/web"));
  EXPECT_EQ(web["response"][0]["command"], "sleep 2000");
}

// A stack of the file that conflicts with the present state does not prevent
// the start: an operator needs the server to resolve the conflict.
TEST_F(StacksServerTest, AConflictingStackOfTheFileStaysUnchanged) {
  const std::string stack = MakeStack("web: sleep 1000\n");
  ScaleTo(stack, "web", 2);
  const std::set<int> pids = Pids(stack, "web");
  const std::string file = absl::StrCat(data_dir_, "/stacks.json");
  std::ofstream(file) << R"({"stacks":[{"name":"app","processes":[)"
                      << R"({"name":"web","command":"sleep 2000",)"
                      << R"("max_instances":1}]}]})";
  server_->Signal(SIGTERM);
  EXPECT_EQ(server_->Wait(), 0);
  Start({absl::StrCat("--stacks_file=", file)});
  EXPECT_EQ(Pids(stack, "web"), pids);
  EXPECT_TRUE(server_->WaitForLog("stack_not_applied"));
}

TEST_F(StacksServerTest, AnInvalidStacksFileIsAOneLineError) {
  const std::string file = absl::StrCat(data_dir_, "/stacks.json");
  std::ofstream(file) << R"({"stacks":[{"name":"a","procfile":"web x"}]})";
  harness::ServerProcess broken(
      {absl::StrCat("--data_dir=", data_dir_, "/other"),
       absl::StrCat("--stacks_file=", file)});
  EXPECT_EQ(broken.Wait(), 1);
  EXPECT_THAT(broken.standard_error(), HasSubstr("line 1"));
  EXPECT_THAT(broken.standard_error(), HasSubstr(file));
}

}  // namespace
}  // namespace tallyman::server
