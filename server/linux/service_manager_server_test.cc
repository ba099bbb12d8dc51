// End to end: the server as a service of systemd, whose part the test plays.

#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "platform/testing/proc_file.h"
#include "platform/testing/temp_directory.h"
#include "server/lifecycle/testing/notify_socket.h"
#include "server/tls/testing/test_certificates.h"
#include "tools/harness/http_client.h"
#include "tools/harness/keeper.h"
#include "tools/harness/server_process.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

constexpr std::string_view kPing = "WATCHDOG=1";

class ServiceManagerServerTest : public testing::Test {
 protected:
  void Start(std::vector<std::string> environment) {
    environment.push_back(absl::StrCat("NOTIFY_SOCKET=", path_));
    server_ = std::make_unique<harness::ServerProcess>(
        std::vector<std::string>{
            absl::StrCat("--data_dir=", directory_.path(), "/data")},
        std::move(environment));
    CHECK(server_->WaitUntilListening()) << server_->standard_error();
  }

  // The next message that is no ping.
  std::string NextMessage() const {
    while (true) {
      std::string message = socket_.Receive();
      if (message != kPing) return message;
    }
  }

  const platform::TempDirectory directory_;
  const NotifyDirectory notify_directory_;
  const std::string path_ = notify_directory_.FilePath("notify");
  const NotifySocket socket_{path_};
  std::unique_ptr<harness::ServerProcess> server_;
};

TEST_F(ServiceManagerServerTest, TellsStartReloadAndStop) {
  Start({});
  EXPECT_EQ(NextMessage(),
            absl::StrCat("READY=1\nSTATUS=listens on http://127.0.0.1:",
                         server_->port()));
  // Without TLS, too, it survives the SIGHUP of `systemctl reload`.
  server_->Signal(SIGHUP);
  EXPECT_THAT(NextMessage(), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
  EXPECT_EQ(NextMessage(), "READY=1");
  EXPECT_EQ(harness::HttpClient(server_->port()).Get("/healthz").status, 200);
  server_->Signal(SIGTERM);
  EXPECT_EQ(NextMessage(), "STOPPING=1");
  EXPECT_EQ(server_->Wait(), 0) << server_->standard_error();
}

TEST_F(ServiceManagerServerTest, PingsOnlyWhileItsThreadsMakeProgress) {
  Start({"WATCHDOG_USEC=200000"});
  while (socket_.Receive() != kPing) {
  }
  // Stops the main thread alone, which waits for connections. Other threads
  // run on, that of the watchdog among them.
  const pid_t thread = server_->pid();
  if (ptrace(PTRACE_SEIZE, thread, nullptr, nullptr) != 0) {
    GTEST_SKIP() << "ptrace(2) is not permitted";
  }
  ASSERT_EQ(ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr), 0);
  ASSERT_EQ(waitpid(thread, nullptr, __WALL), thread);
  EXPECT_TRUE(server_->WaitForLog("\"event\":\"thread_hangs\",\"thread\":"));
  // A message may come only before the thread hangs.
  while (socket_.TryReceive()) {
  }
  ASSERT_EQ(ptrace(PTRACE_DETACH, thread, nullptr, nullptr), 0);
  EXPECT_EQ(socket_.Receive(), kPing);
}

TEST_F(ServiceManagerServerTest, ChildrenDoNotSpeakForIt) {
  Start({"WATCHDOG_USEC=30000000"});
  const std::string token = server_->shown_token();
  const auto ask = [&](std::string_view method, std::string_view target,
                       std::string_view body = "") {
    std::vector<std::string> headers = {
        absl::StrCat("Authorization: Bearer ", token)};
    if (!body.empty()) headers.emplace_back("Content-Type: application/json");
    const harness::ClientResponse answer =
        harness::HttpClient(server_->port())
            .Request(method, target, headers, body);
    CHECK_LT(answer.status, 300) << answer.body;
    return Json::parse(answer.body)["response"];
  };
  const std::string stack =
      ask("POST", "/stacks",
          Json({{"name", "app"}, {"procfile", "web: sleep 1000\n"}})
              .dump())[0]["uid"];
  const std::string server =
      ask("GET", absl::StrCat("/stacks/", stack, "/servers"))[0]["uid"];
  ask("POST", absl::StrCat("/stacks/", stack,
                           "/processes.json?process_name=web&server_count=",
                           server, ":1"));
  ASSERT_TRUE(server_->WaitForLog("\"event\":\"keeper_connected\""));
  const absl::StatusOr<pid_t> keeper = harness::FindKeeper(
      std::filesystem::canonical(absl::StrCat(directory_.path(), "/data"))
          .string());
  ASSERT_TRUE(keeper.ok()) << keeper.status();
  const std::optional<std::string> environment =
      platform::ReadProc(*keeper, "environ");
  ASSERT_TRUE(environment.has_value());
  EXPECT_THAT(*environment, HasSubstr("PATH="));
  EXPECT_THAT(*environment, Not(HasSubstr("NOTIFY_SOCKET=")));
  EXPECT_THAT(*environment, Not(HasSubstr("WATCHDOG_")));

  // Ends the instance.
  const int64_t action =
      ask("DELETE", absl::StrCat("/stacks/", stack))[0]["id"];
  while (ask("GET", absl::StrCat("/api/3/stacks/", stack, "/actions/",
                                 action))["finished_at"]
             .is_null()) {
  }
}

TEST_F(ServiceManagerServerTest, TakesTlsFromCredentials) {
  const TestCertificates certificates(directory_.path());
  const std::string credentials =
      absl::StrCat(directory_.path(), "/credentials");
  std::filesystem::create_directory(credentials);
  std::filesystem::copy_file(certificates.server().cert_file,
                             absl::StrCat(credentials, "/tls.crt"));
  const std::string variable =
      absl::StrCat("CREDENTIALS_DIRECTORY=", credentials);
  const std::string data =
      absl::StrCat("--data_dir=", directory_.path(), "/data");
  {
    harness::ServerProcess server({data}, {variable});
    EXPECT_EQ(server.Wait(), 1);
    EXPECT_THAT(server.standard_error(), HasSubstr("has no tls.key"));
  }
  std::filesystem::copy_file(certificates.server().key_file,
                             absl::StrCat(credentials, "/tls.key"));
  {
    harness::ServerProcess server({data}, {variable});
    ASSERT_TRUE(server.WaitUntilListening()) << server.standard_error();
    EXPECT_THAT(server.standard_output(), HasSubstr("https://127.0.0.1:"));
    EXPECT_TRUE(server.WaitForLog("CN=localhost"));
  }
  // Flags go first.
  const auto other = certificates.client();
  harness::ServerProcess server(
      {data, absl::StrCat("--tls_cert=", other.cert_file),
       absl::StrCat("--tls_key=", other.key_file)},
      {variable});
  ASSERT_TRUE(server.WaitUntilListening()) << server.standard_error();
  EXPECT_TRUE(server.WaitForLog("CN=client"));
}

TEST_F(ServiceManagerServerTest, AWrongVariableEndsTheStart) {
  harness::ServerProcess server(
      {absl::StrCat("--data_dir=", directory_.path(), "/data")},
      {"NOTIFY_SOCKET=nonsense"});
  EXPECT_EQ(server.Wait(), 1);
  EXPECT_THAT(server.standard_error(), HasSubstr("NOTIFY_SOCKET=\"nonsense\""));
}

}  // namespace
}  // namespace tallyman::server
