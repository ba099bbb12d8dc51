// End to end: the server is killed while it sends a signal to a program.

#include <sched.h>

#include <csignal>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "platform/testing/temp_directory.h"
#include "tools/harness/http_client.h"
#include "tools/harness/server_process.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

constexpr int kKilled = 128 + SIGKILL;

class SignalsServerTest : public testing::Test {
 protected:
  SignalsServerTest() {
    Start();
    token_ = server_->shown_token();
    // A token without a limit that the test could reach.
    token_ = Ask("POST", "/tokens",
                 R"({"name":"tester","scopes":["admin"],)"
                 R"("hourly_limit":1000000000})")["response"][0]["token"];
    stack_ = Ask("POST", "/stacks",
                 Json{{"name", "app"}, {"procfile", Procfile()}}
                     .dump())["response"][0]["uid"];
    Ask("POST",
        absl::StrCat("/stacks/", stack_,
                     "/processes?process_name=web&server_count=here:1"));
    AwaitWritten("ready");
  }
  ~SignalsServerTest() override {
    Await(Ask("DELETE", absl::StrCat("/stacks/", stack_))["response"][0]["id"]);
    server_->Signal(SIGTERM);
    EXPECT_EQ(server_->Wait(), 0);
  }

  // Starts the server, which kills itself at the point `fault`, if there is
  // one.
  void Start(std::string_view fault = "") {
    harness::ServerOptions options = {
        .program = "server/server_with_faults",
        .flags = {absl::StrCat("--data_dir=", directory_.path(), "/data"),
                  "--settle_time=0", "--server_name=here"}};
    if (!fault.empty()) {
      options.environment = {absl::StrCat("TALLYMAN_FAULT=", fault)};
    }
    auto server = harness::ServerProcess::Start(std::move(options));
    CHECK_OK(server.status());
    server_ = *std::move(server);
    CHECK(server_->WaitUntilListening()) << server_->standard_error();
  }

  // Its program writes a line for each signal that it gets.
  std::string Procfile() const {
    return absl::StrCat("web: trap 'echo HUP >>", written(),
                        "' HUP; trap 'echo USR1 >>", written(),
                        "' USR1; echo ready >>", written(),
                        "; while true; do sleep 0.01; done\n");
  }
  std::string written() const {
    return absl::StrCat(directory_.path(), "/written");
  }
  std::string ReadWritten() const {
    std::ifstream file(written());
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void AwaitWritten(std::string_view line) const {
    while (!absl::StrContains(ReadWritten(), line)) sched_yield();
  }

  harness::ClientResponse Send(std::string_view method, std::string_view target,
                               std::optional<std::string> body = {}) {
    std::vector<std::string> headers = {
        absl::StrCat("Authorization: Bearer ", token_)};
    if (body) headers.emplace_back("Content-Type: application/json");
    return harness::HttpClient(server_->port())
        .Request(method, target, headers, body);
  }
  Json Ask(std::string_view method, std::string_view target,
           std::optional<std::string> body = {}) {
    const harness::ClientResponse response =
        Send(method, target, std::move(body));
    EXPECT_LT(response.status, 300) << response.body;
    return Json::parse(response.body);
  }
  std::string SignalTarget(std::string_view signal) const {
    return absl::StrCat("/stacks/", stack_,
                        "/actions?command=process_signal&process_name=web&"
                        "instance=1&signal=",
                        signal);
  }
  // Polls until the action has ended, which needs no further request.
  Json Await(int64_t id) {
    while (true) {
      const Json action =
          Ask("GET", absl::StrCat("/api/3/stacks/", stack_, "/actions/", id));
      if (!action["response"]["finished_at"].is_null()) {
        return action["response"];
      }
    }
  }

  // Has the server killed at `fault` while it sends HUP, starts it again and
  // sends USR1; returns what the program has got.
  std::string HangUpWithFault(std::string_view fault) {
    server_->Kill();
    Start(fault);
    Send("POST", SignalTarget("HUP"));  // The answer may be lost.
    EXPECT_EQ(server_->Wait(), kKilled);
    Start();
    const int64_t id =
        Ask("GET",
            absl::StrCat("/stacks/", stack_, "/actions"))["response"][0]["id"];
    const Json ended = Await(id);
    EXPECT_EQ(ended["action"], "Process_signal");
    EXPECT_EQ(ended["finished_success"], false);
    EXPECT_THAT(ended["finished_message"].get<std::string>(),
                HasSubstr("whether it arrived is not known"));
    // A signal that was sent twice would have come by the time of the next one.
    Ask("POST", SignalTarget("USR1"));
    AwaitWritten("USR1");
    return ReadWritten();
  }

  const platform::TempDirectory directory_;
  std::unique_ptr<harness::ServerProcess> server_;
  std::string token_;
  std::string stack_;
};

TEST_F(SignalsServerTest, AKillAfterTheSignalDoesNotRepeatIt) {
  EXPECT_EQ(HangUpWithFault("signal.sent"), "ready\nHUP\nUSR1\n");
}

TEST_F(SignalsServerTest, AKillBeforeTheSignalDoesNotSendItLater) {
  EXPECT_EQ(HangUpWithFault("signal.durable"), "ready\nUSR1\n");
}

}  // namespace
}  // namespace tallyman::server
