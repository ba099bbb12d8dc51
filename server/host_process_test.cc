// End to end: the details of one process, and the keys that say what a process
// belongs to, with processes that the test starts.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "platform/base/unique_fd.h"
#include "server/testing/described_server.h"
#include "tools/harness/http_connection.h"

namespace tallyman::server {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

// A program that listens on a port of 127.0.0.1, and has a secret in its
// environment.
class ListeningChild {
 public:
  ListeningChild() {
    const base::UniqueFd listener(socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    CHECK_EQ(bind(listener.get(), generic, size), 0);
    CHECK_EQ(listen(listener.get(), 1), 0);
    CHECK_EQ(getsockname(listener.get(), generic, &size), 0);
    port_ = ntohs(address.sin_port);
    std::array<int, 2> executed;  // Closes when the program is executed.
    CHECK_EQ(pipe2(executed.data(), O_CLOEXEC), 0);
    pid_ = fork();
    CHECK_GE(pid_, 0);
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      const char* const arguments[] = {"sleep", "1000", nullptr};
      const char* const variables[] = {"API_KEY=hunter2", "LANG=C", nullptr};
      execve("/bin/sleep", const_cast<char* const*>(arguments),
             const_cast<char* const*>(variables));
      _exit(1);
    }
    close(executed[1]);
    char byte = 0;
    CHECK_EQ(read(executed[0], &byte, 1), 0);
    close(executed[0]);
  }
  ~ListeningChild() { End(); }
  ListeningChild(const ListeningChild&) = delete;
  ListeningChild& operator=(const ListeningChild&) = delete;

  // Kills and reaps the process.
  void End() {
    if (pid_ == 0) return;
    kill(pid_, SIGKILL);
    CHECK_EQ(waitpid(pid_, nullptr, 0), pid_);
    pid_ = 0;
  }

  pid_t pid() const { return pid_; }
  int port() const { return port_; }

 private:
  pid_t pid_ = 0;
  int port_ = 0;
};

class HostProcessTest : public testing::Test {
 protected:
  harness::ClientResponse Get(std::string_view target) {
    return server_.Send(
        "GET", {.path = std::string(target), .token = server_.public_token()});
  }

  // The processes of a list.
  Json List(std::string_view query) {
    const harness::ClientResponse answer =
        Get(absl::StrCat("/server/processes?", query));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return Json::parse(answer.body)["data"];
  }

  DescribedServer server_;
};

TEST_F(HostProcessTest, ShowsOneProcessWithItsDetails) {
  ListeningChild child;
  const std::string path = absl::StrCat("/server/processes/", child.pid());
  const harness::ClientResponse answer = Get(path);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json envelope = Json::parse(answer.body);
  EXPECT_EQ(envelope["status_desc"], "Ok");
  ASSERT_EQ(envelope["data"].size(), 1u);
  const Json process = envelope["data"][0];
  EXPECT_EQ(process["pid"], child.pid());
  EXPECT_EQ(process["name"], "sleep");
  EXPECT_EQ(process["command_line"], "sleep 1000");
  EXPECT_EQ(process["ppid"], getpid());
  EXPECT_GT(process["pss"], 0);
  EXPECT_GE(process["open_descriptors"], 1);
  EXPECT_THAT(process["listening"], Contains(Json({{"protocol", "tcp"},
                                                   {"address", "127.0.0.1"},
                                                   {"port", child.port()}})));
  EXPECT_EQ(process["environment_names"], Json({"API_KEY", "LANG"}));
  EXPECT_THAT(answer.body, Not(HasSubstr("hunter2")));
  EXPECT_EQ(process["children"], Json::array());
  EXPECT_EQ(process["stack"], "");
  EXPECT_EQ(process["instance"], -1);

  EXPECT_THAT(Json::parse(Get(absl::StrCat("/server/processes/", getpid()))
                              .body)["data"][0]["children"],
              Contains(child.pid()));

  child.End();
  const harness::ClientResponse gone = Get(path);
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(Json::parse(gone.body)["data"], Json::array());
  EXPECT_THAT(std::string(Json::parse(gone.body)["status_desc"]),
              HasSubstr("no process has the id"));
}

TEST_F(HostProcessTest, ABadIdIs400) {
  for (const std::string_view pid : {"x", "-1", "+1", "1.5", "2147483648",
                                     "99999999999999999999", "%20", "1%00"}) {
    const harness::ClientResponse answer =
        Get(absl::StrCat("/server/processes/", pid));
    EXPECT_EQ(answer.status, 400) << pid;
    EXPECT_THAT(answer.body, HasSubstr("is no process id")) << pid;
  }
  EXPECT_EQ(Get("/server/processes/1?limit=1").status, 400);
}

TEST_F(HostProcessTest, ShowsTheInstanceOfEachOfItsProcesses) {
  const std::string admin = server_.NewToken("admin", 1000);
  const harness::ClientResponse made = server_.Send(
      "POST", {.path = "/stacks",
               .body = Json({{"name", "pair"},
                             {"environment", "test"},
                             {"processes",
                              {{{"name", "two"},
                                {"command", "sleep 1000 & exec sleep 1001"},
                                {"instances", 2}}}}})
                           .dump(),
               .content_type = "application/json",
               .token = admin});
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string uid = Json::parse(made.body)["response"][0]["uid"];

  const std::string query = absl::StrCat(
      "fields=pid,command_line,session,stack,process,instance&sort=instance",
      "&stack=", uid);
  Json processes;
  do {
    processes = List(absl::StrCat(query, "&name=^sleep$"));
  } while (processes.size() < 4);
  ASSERT_EQ(processes.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(processes[i]["stack"], uid);
    EXPECT_EQ(processes[i]["process"], "two");
    EXPECT_EQ(processes[i]["instance"], 1 + i / 2);
    EXPECT_EQ(processes[i]["session"], processes[i / 2 * 2]["session"]);
  }
  EXPECT_NE(processes[0]["session"], processes[2]["session"]);
  EXPECT_EQ(List("fields=pid&stack=pair&name=^sleep$").size(), 4u);
  EXPECT_EQ(List("fields=pid&stack=unknown").size(), 0u);
  // This test is no instance.
  const Json own = List(absl::StrCat("fields=stack,instance&pid=", getpid()));
  EXPECT_EQ(own, Json::parse(R"([{"stack":"","instance":-1}])"));

  const int32_t pid = processes[0]["pid"];
  const Json one =
      Json::parse(Get(absl::StrCat("/server/processes/", pid)).body)["data"][0];
  EXPECT_EQ(one["stack"], uid);
  EXPECT_EQ(one["process"], "two");
  EXPECT_EQ(one["instance"], 1);
}

TEST_F(HostProcessTest, FiltersByMemoryAndUnit) {
  const Json own =
      List(absl::StrCat("fields=memory,cgroup,unit,nice&pid=", getpid()))[0];
  const auto memory = own["memory"].get<int64_t>();
  const std::string pid = absl::StrCat("&fields=pid&pid=", getpid());
  EXPECT_EQ(List(absl::StrCat("min_memory=1K", pid)).size(), 1u);
  EXPECT_EQ(List(absl::StrCat("min_memory=", memory * 1024, pid)).size(), 0u);
  EXPECT_TRUE(std::string(own["cgroup"]).starts_with('/')) << own;
  EXPECT_TRUE(own["nice"].is_number_integer());
  EXPECT_EQ(List(absl::StrCat("unit=no-such-unit", pid)).size(), 0u);
  if (own["unit"] != "") {
    EXPECT_EQ(
        List(absl::StrCat("unit=", own["unit"].get<std::string>(), pid)).size(),
        1u);
  }
  const harness::ClientResponse bad = Get("/server/processes?min_memory=1Q");
  EXPECT_EQ(bad.status, 400);
  EXPECT_THAT(bad.body, HasSubstr("min_memory"));
}

}  // namespace
}  // namespace tallyman::server
