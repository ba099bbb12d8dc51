// End to end: how the binary stops on SIGTERM and SIGINT.

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "platform/testing/temp_directory.h"
#include "tools/harness/http_client.h"
#include "tools/harness/server_process.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;

class StopTest : public testing::Test {
 protected:
  std::string DataDirFlag() const {
    return absl::StrCat("--data_dir=", directory_.path());
  }

 private:
  const platform::TempDirectory directory_;
};

// Begins a request, whose body of five bytes is missing. The server has read
// the headers when this returns.
void BeginRequest(harness::HttpClient& client) {
  client.Send(
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
      "Content-Length: 5\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 100);
}

TEST_F(StopTest, FinishesRequestsUnderWay) {
  harness::ServerProcess server({DataDirFlag()});
  ASSERT_TRUE(server.WaitUntilListening());
  harness::HttpClient idle(server.port());
  EXPECT_EQ(idle.Get("/healthz").status, 200);
  harness::HttpClient slow(server.port());
  slow.Send(
      absl::StrCat("POST /tokens HTTP/1.1\r\nHost: localhost\r\n"
                   "Authorization: Bearer ",
                   server.shown_token(),
                   "\r\nContent-Type: application/json\r\n"
                   "Expect: 100-continue\r\nContent-Length: 34\r\n\r\n"));
  // The server has read the headers and waits for the body.
  EXPECT_EQ(slow.Receive().status, 100);
  server.Signal(SIGTERM);
  EXPECT_TRUE(idle.IsClosed());
  EXPECT_FALSE(harness::HttpClient::CanConnect(server.port()));
  slow.Send(R"({"name":"late","scopes":["admin"]})");
  EXPECT_EQ(slow.Receive().status, 201);
  EXPECT_EQ(server.Wait(), 0) << server.standard_error();
  EXPECT_THAT(server.standard_error(), HasSubstr("\"event\":\"stopped\""));
}

TEST_F(StopTest, TheDeadlineEndsRequestsUnderWay) {
  harness::ServerProcess server({DataDirFlag(), "--stop_deadline=50ms"});
  ASSERT_TRUE(server.WaitUntilListening());
  harness::HttpClient slow(server.port());
  BeginRequest(slow);
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 0) << server.standard_error();
  EXPECT_THAT(server.standard_error(), HasSubstr("requests_under_way"));
}

TEST_F(StopTest, ASecondSignalEndsRequestsUnderWay) {
  harness::ServerProcess server({DataDirFlag(), "--stop_deadline=24h"});
  ASSERT_TRUE(server.WaitUntilListening());
  harness::HttpClient slow(server.port());
  BeginRequest(slow);
  server.Signal(SIGTERM);
  server.Signal(SIGINT);
  EXPECT_EQ(server.Wait(), 0) << server.standard_error();
  EXPECT_THAT(server.standard_error(), HasSubstr("requests_under_way"));
}

// A server whose log goes into a pipe that the test reads, or lets run full:
// then the server hangs when it next logs.
class ServerWithPipedLog {
 public:
  explicit ServerWithPipedLog(std::string data_dir_flag) {
    std::string binary = "server/server";
    std::string port_flag = "--port=0";
    std::string deadline_flag = "--stop_deadline=24h";
    char* const arguments[] = {binary.data(), port_flag.data(),
                               data_dir_flag.data(), deadline_flag.data(),
                               nullptr};
    int ends[2];
    CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
    read_end_ = base::UniqueFd(ends[0]);
    write_end_ = base::UniqueFd(ends[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
                                     O_WRONLY, 0);
    CHECK_EQ(posix_spawn(&pid_, binary.c_str(), &actions, nullptr, arguments,
                         environ),
             0);
    posix_spawn_file_actions_destroy(&actions);
  }
  ~ServerWithPipedLog() {
    if (pid_ < 0) return;
    Signal(SIGKILL);
    Wait();
  }
  ServerWithPipedLog(const ServerWithPipedLog&) = delete;
  ServerWithPipedLog& operator=(const ServerWithPipedLog&) = delete;

  // Reads the log up to the end of the line with `text`. Returns all text read
  // so far.
  std::string ReadLogTo(std::string_view text) {
    for (size_t found = 0; (found = log_.find(text)) == std::string::npos ||
                           log_.find('\n', found) == std::string::npos;) {
      char bytes[4096];
      const ssize_t got = read(read_end_.get(), bytes, sizeof(bytes));
      CHECK_GT(got, 0) << log_;
      log_.append(bytes, static_cast<size_t>(got));
    }
    return log_;
  }

  void FillLog() {
    // Another open file description: the server's writes go on to block.
    const base::UniqueFd fd(
        open(absl::StrCat("/proc/self/fd/", write_end_.get()).c_str(),
             O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    CHECK(fd.valid());
    const std::string bytes(4096, '\n');
    for (const size_t size : {bytes.size(), size_t{1}}) {
      while (write(fd.get(), bytes.data(), size) > 0) {
      }
      CHECK_EQ(errno, EAGAIN);
    }
  }

  void Signal(int signal) const { CHECK_EQ(kill(pid_, signal), 0); }

  // Waits for the end; returns the status of waitpid(2).
  int Wait() {
    int status = 0;
    CHECK_EQ(waitpid(pid_, &status, 0), pid_);
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_ = -1;
  base::UniqueFd read_end_;
  base::UniqueFd write_end_;
  std::string log_;
};

TEST_F(StopTest, ASecondSignalEndsAStopThatHangsAfterTheLastRequest) {
  ServerWithPipedLog server(DataDirFlag());
  const std::string log = server.ReadLogTo("\"event\":\"listening\"");
  constexpr std::string_view kUrl = "http://127.0.0.1:";
  const size_t port_begin = log.find(kUrl) + kUrl.size();
  int port = 0;
  ASSERT_TRUE(absl::SimpleAtoi(
      log.substr(port_begin, log.find('"', port_begin) - port_begin), &port));
  harness::HttpClient slow(port);
  BeginRequest(slow);
  server.Signal(SIGTERM);
  server.ReadLogTo("\"event\":\"stopping\"");
  server.FillLog();
  slow.Send("12345");
  EXPECT_EQ(slow.Receive().status, 200);
  // Serve() returns, and the server hangs when it logs that it has stopped.
  EXPECT_TRUE(slow.IsClosed());
  server.Signal(SIGTERM);
  const int status = server.Wait();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace tallyman::server
