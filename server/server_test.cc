// End to end: the binary itself, with sockets, a database file and processes.

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
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
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::ordered_json;

class ServerTest : public testing::Test {
 protected:
  std::string DataDirFlag() const {
    return absl::StrCat("--data_dir=", data_dir_);
  }

  const platform::TempDirectory directory_;
  const std::string& data_dir_ = directory_.path();
};

// A child process with the name `name`, stopped by SIGSTOP: the only state that
// does not change until it is listed.
class NamedChild {
 public:
  explicit NamedChild(const char* name) {
    pid_ = fork();
    CHECK_GE(pid_, 0);
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      prctl(PR_SET_NAME, name);
      raise(SIGSTOP);
      _exit(0);
    }
    int status = 0;
    CHECK_EQ(waitpid(pid_, &status, WUNTRACED), pid_);
    CHECK(WIFSTOPPED(status));
  }
  ~NamedChild() {
    kill(pid_, SIGKILL);
    CHECK_EQ(waitpid(pid_, nullptr, 0), pid_);
  }
  NamedChild(const NamedChild&) = delete;
  NamedChild& operator=(const NamedChild&) = delete;

  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

// A stamped build also names its commit, see --config=release.
TEST_F(ServerTest, PrintsItsVersion) {
  harness::ServerProcess server({"--version"});
  EXPECT_EQ(server.Wait(), 0) << server.standard_error();
  EXPECT_THAT(server.standard_output(),
              MatchesRegex("tallyman [0-9]+[.][0-9]+[.][0-9]+"
                           "( [(]commit [0-9a-f]{40}(-dirty)?[)])?\n"));
}

TEST_F(ServerTest, TheFirstStartPrintsATokenThatLaterStartsAccept) {
  std::string token;
  {
    harness::ServerProcess server({DataDirFlag()});
    ASSERT_TRUE(server.WaitUntilListening()) << server.standard_error();
    token = server.shown_token();
    ASSERT_EQ(token.size(), 47u) << server.standard_output();
    EXPECT_THAT(server.standard_output(),
                HasSubstr(absl::StrCat("curl -H 'Authorization: Bearer ", token,
                                       "' http://127.0.0.1:", server.port(),
                                       "/server/processes")));
    EXPECT_EQ(harness::HttpClient(server.port())
                  .Get("/server/processes", token)
                  .status,
              200);
    server.Signal(SIGTERM);
    EXPECT_EQ(server.Wait(), 0) << server.standard_error();
  }
  harness::ServerProcess server({DataDirFlag()});
  ASSERT_TRUE(server.WaitUntilListening()) << server.standard_error();
  EXPECT_EQ(server.shown_token(), "");
  EXPECT_EQ(
      harness::HttpClient(server.port()).Get("/server/processes", token).status,
      200);
  server.Signal(SIGINT);
  EXPECT_EQ(server.Wait(), 0);

  struct stat directory {};
  ASSERT_EQ(stat(data_dir_.c_str(), &directory), 0);
  EXPECT_EQ(directory.st_mode & 07777, 0700u);
}

TEST_F(ServerTest, ListsAProcessWithItsFields) {
  harness::ServerProcess server({DataDirFlag()});
  ASSERT_TRUE(server.WaitUntilListening()) << server.standard_error();
  const std::string token = server.shown_token();
  harness::HttpClient client(server.port());
  const NamedChild child("a) R (b\"\n\\\xff");

  const harness::ClientResponse response =
      client.Get(absl::StrCat("/server/processes?token=", token));
  ASSERT_EQ(response.status, 200);
  EXPECT_EQ(response.Header("Content-Type"), "application/json");
  const Json envelope = Json::parse(response.body);
  std::vector<std::string> keys;
  for (const auto& [key, value] : envelope.items()) keys.push_back(key);
  EXPECT_THAT(keys, testing::ElementsAre("status_code", "status_desc", "data",
                                         "time_generated"));
  EXPECT_EQ(envelope["status_code"], 200);
  EXPECT_EQ(envelope["status_desc"], "Ok");
  Json found;
  int last_pid = 0;
  for (const Json& process : envelope["data"]) {
    EXPECT_GT(process["pid"], last_pid);
    last_pid = process["pid"];
    if (process["pid"] == child.pid()) found = process;
  }
  ASSERT_FALSE(found.is_null());
  keys.clear();
  for (const auto& [key, value] : found.items()) keys.push_back(key);
  EXPECT_THAT(
      keys, testing::ElementsAre("name", "command_line", "num_threads", "state",
                                 "memory", "peak_memory", "pid", "user",
                                 "io_bytes_read", "io_bytes_written"));
  EXPECT_EQ(found["name"], "a) R (b\"\n\\\uFFFD");
  EXPECT_THAT(found["command_line"].get<std::string>(),
              HasSubstr("server_test"));
  EXPECT_EQ(found["num_threads"], 1);
  EXPECT_EQ(found["state"], "stopped");
  EXPECT_GT(found["memory"], 0);
  EXPECT_GE(found["peak_memory"], found["memory"]);
  EXPECT_GE(found["io_bytes_read"], 0);

  const Json one =
      Json::parse(client
                      .Get(absl::StrCat("/server/processes?pid=", child.pid(),
                                        "&fields=pid,ppid,start_time"),
                           token)
                      .body);
  ASSERT_EQ(one["data"].size(), 1u);
  EXPECT_EQ(one["data"][0]["pid"], child.pid());
  EXPECT_EQ(one["data"][0]["ppid"], getpid());

  const Json named = Json::parse(
      client
          .Get(absl::StrCat("/server/processes?name=%5Ea%5C)%20R&state=stopped"
                            "&pid=",
                            child.pid()),
               token)
          .body);
  ASSERT_EQ(named["data"].size(), 1u);
  EXPECT_EQ(named["data"][0]["pid"], child.pid());
}

TEST_F(ServerTest, ErrorsHaveTheEnvelopeOfTheirFamily) {
  harness::ServerProcess server({DataDirFlag()});
  ASSERT_TRUE(server.WaitUntilListening()) << server.standard_error();
  const std::string token = server.shown_token();
  const auto ask = [&](std::string_view method, std::string_view target) {
    return harness::HttpClient(server.port())
        .Request(method, target,
                 {absl::StrCat("Authorization: Bearer ", token)});
  };
  const harness::ClientResponse bad =
      ask("GET", "/server/processes?sort=memry");
  EXPECT_EQ(bad.status, 400);
  const Json envelope = Json::parse(bad.body);
  EXPECT_EQ(envelope["status_code"], 400);
  EXPECT_EQ(envelope["data"], Json::array());
  EXPECT_THAT(envelope["status_desc"].get<std::string>(),
              StartsWith("sort: unknown key \"memry\" at position 1"));
  const harness::ClientResponse wrong_method = ask("PUT", "/server/processes");
  EXPECT_EQ(wrong_method.status, 405);
  EXPECT_EQ(wrong_method.Header("Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(ask("BREW", "/server/processes").Header("Allow"),
            "GET, HEAD, OPTIONS");
  EXPECT_EQ(Json::parse(ask("GET", "/nothing").body)["error"], "not_found");
  EXPECT_EQ(harness::HttpClient(server.port()).Get("/healthz").status, 200);
  EXPECT_EQ(harness::HttpClient(server.port()).Get("/readyz").status, 200);
}

TEST_F(ServerTest, LimitsAndRevocationsSurviveARestart) {
  std::string admin;
  std::string limited;
  const auto ask = [](const harness::ServerProcess& server,
                      const std::string& token) {
    return harness::HttpClient(server.port())
        .Get("/server/processes?limit=1", token);
  };
  const auto create = [&](const harness::ServerProcess& server,
                          std::string_view body) {
    const harness::ClientResponse made =
        harness::HttpClient(server.port())
            .Request("POST", "/tokens",
                     {absl::StrCat("Authorization: Bearer ", admin),
                      "Content-Type: application/json"},
                     body);
    EXPECT_EQ(made.status, 201) << made.body;
    return Json::parse(made.body)["response"][0]["token"].get<std::string>();
  };
  std::string revoked;
  {
    harness::ServerProcess server({DataDirFlag()});
    ASSERT_TRUE(server.WaitUntilListening()) << server.standard_error();
    admin = server.shown_token();
    // Two: the count may restart once, if a day ends during the test.
    limited =
        create(server, R"({"name":"few","scopes":["public"],"daily_limit":2})");
    revoked = create(server, R"({"name":"gone","scopes":["public"]})");
    EXPECT_EQ(ask(server, revoked).status, 200);
    EXPECT_EQ(harness::HttpClient(server.port())
                  .Request("DELETE", "/tokens/3",
                           {absl::StrCat("Authorization: Bearer ", admin)})
                  .status,
              200);
    EXPECT_EQ(ask(server, revoked).status, 401);
    EXPECT_EQ(ask(server, limited).Header("X-RateLimit-Remaining"), "1");
    EXPECT_EQ(ask(server, limited).status, 200);
    server.Signal(SIGTERM);
    EXPECT_EQ(server.Wait(), 0);
  }
  harness::ServerProcess server({DataDirFlag()});
  ASSERT_TRUE(server.WaitUntilListening()) << server.standard_error();
  const harness::ClientResponse refused = ask(server, limited);
  EXPECT_EQ(refused.status, 429);
  EXPECT_NE(refused.Header("Retry-After"), "");
  EXPECT_EQ(ask(server, revoked).status, 401);
  EXPECT_EQ(ask(server, admin).status, 200);
}

TEST_F(ServerTest, NewAdminTokenReplacesALostToken) {
  {
    harness::ServerProcess server({DataDirFlag()});
    ASSERT_TRUE(server.WaitUntilListening());
    server.Signal(SIGTERM);
    EXPECT_EQ(server.Wait(), 0);
  }
  harness::ServerProcess server({DataDirFlag(), "--new_admin_token"});
  ASSERT_TRUE(server.WaitUntilListening());
  EXPECT_EQ(harness::HttpClient(server.port())
                .Get("/tokens", server.shown_token())
                .status,
            200);
}

TEST_F(ServerTest, TheLogHasNoToken) {
  harness::ServerProcess server({DataDirFlag()});
  ASSERT_TRUE(server.WaitUntilListening()) << server.standard_error();
  const std::string token = server.shown_token();
  harness::HttpClient client(server.port());
  client.Get(absl::StrCat("/server/processes?limit=1&token=", token));
  client.Get(absl::StrCat("/server/processes?limit=1&%74oken=", token));
  client.Get("/server/processes?limit=1", token);
  client.Get(absl::StrCat("/", token, "?x=", token));
  client.Get("/server/processes?token=something-else");
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 0);
  const std::string log = server.standard_error();
  EXPECT_THAT(log, HasSubstr("\"event\":\"request\""));
  EXPECT_THAT(log, HasSubstr("\"user\":\"admin\""));
  EXPECT_THAT(log, Not(HasSubstr(token)));
  EXPECT_THAT(log, Not(HasSubstr("something-else")));
}

// Expects a start to fail with one line that has `reason`.
void ExpectFailure(const std::vector<std::string>& flags,
                   std::string_view reason) {
  harness::ServerProcess server(flags);
  EXPECT_NE(server.Wait(), 0) << reason;
  EXPECT_THAT(server.standard_error(), HasSubstr(std::string(reason)));
  EXPECT_THAT(server.standard_error(), StartsWith("tallyman: "));
  EXPECT_EQ(server.standard_error().find('\n'),
            server.standard_error().size() - 1)
      << server.standard_error();
  EXPECT_EQ(server.standard_output(), "");
}

TEST_F(ServerTest, APortInUseIsAOneLineError) {
  harness::ServerProcess server({DataDirFlag()});
  ASSERT_TRUE(server.WaitUntilListening());
  const std::string other = absl::StrCat(data_dir_, "/other");
  ExpectFailure({absl::StrCat("--data_dir=", other),
                 absl::StrCat("--port=", server.port())},
                absl::StrCat("http://127.0.0.1:", server.port()));
  // The failed first start has made no token, which would be lost.
  harness::ServerProcess second({absl::StrCat("--data_dir=", other)});
  ASSERT_TRUE(second.WaitUntilListening());
  EXPECT_NE(second.shown_token(), "");
}

TEST_F(ServerTest, ASecondServerOnTheSameDataIsAOneLineError) {
  harness::ServerProcess server({DataDirFlag()});
  ASSERT_TRUE(server.WaitUntilListening());
  ExpectFailure({DataDirFlag()}, data_dir_);
}

TEST_F(ServerTest, AnUnreadableDatabaseIsAOneLineError) {
  std::ofstream(absl::StrCat(data_dir_, "/tallyman.db"))
      << std::string(4096, 'x');
  ExpectFailure({DataDirFlag()}, "tallyman.db");
}

TEST_F(ServerTest, InvalidFlagsAreOneLineErrors) {
  ExpectFailure({DataDirFlag(), "--port=65536"}, "--port: 65536");
  ExpectFailure({DataDirFlag(), "--cors_origins=nonsense"}, "--cors_origins");
  ExpectFailure({DataDirFlag(), "--redact_names=(x"}, "--redact_names");
  ExpectFailure({DataDirFlag(), "--max_connections=0"}, "--max_connections");
  ExpectFailure({DataDirFlag(), "--stop_deadline=0"}, "--stop_deadline");
  ExpectFailure({DataDirFlag(), "start"}, "\"start\"");
}

// `bazel run` starts the program in another directory than the user's.
TEST_F(ServerTest, PathsAreRelativeToTheDirectoryOfTheUser) {
  std::ofstream(absl::StrCat(data_dir_, "/flags"))
      << "--data_dir=below/data\n--nolog_requests\n";
  harness::ServerProcess server(
      {"--flagfile=flags"},
      {absl::StrCat("BUILD_WORKING_DIRECTORY=", data_dir_)});
  ASSERT_TRUE(server.WaitUntilListening()) << server.standard_error();
  EXPECT_TRUE(std::filesystem::exists(
      absl::StrCat(data_dir_, "/below/data/tallyman.db")));
  harness::HttpClient(server.port()).Get("/healthz");
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 0);
  EXPECT_THAT(server.standard_error(), Not(HasSubstr("\"request\"")));
}

TEST_F(ServerTest, AnswersCorsPreflights) {
  harness::ServerProcess server(
      {DataDirFlag(), "--cors_origins=http://a.example"});
  ASSERT_TRUE(server.WaitUntilListening());
  harness::HttpClient client(server.port());
  const harness::ClientResponse preflight = client.Request(
      "OPTIONS", "/server/processes",
      {"Origin: http://a.example", "Access-Control-Request-Method: GET",
       "Access-Control-Request-Headers: authorization"});
  EXPECT_EQ(preflight.status, 200);
  EXPECT_EQ(preflight.Header("Access-Control-Allow-Origin"),
            "http://a.example");
  EXPECT_THAT(preflight.Header("Access-Control-Allow-Headers"),
              HasSubstr("Authorization"));
  EXPECT_EQ(client
                .Request("OPTIONS", "/server/processes",
                         {"Origin: http://b.example",
                          "Access-Control-Request-Method: GET"})
                .Header("Access-Control-Allow-Origin"),
            "");
}

}  // namespace
}  // namespace tallyman::server
