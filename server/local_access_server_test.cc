// End to end: the file by which programs on this machine find server and token.

#include <sys/stat.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
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

using harness::HttpClient;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

class LocalAccessServerTest : public testing::Test {
 protected:
  void Start(std::string_view flag = "--local_access",
             std::vector<std::string> more = {}) {
    server_.reset();
    more.push_back(absl::StrCat("--data_dir=", directory_.path()));
    more.emplace_back(flag);
    server_ = std::make_unique<harness::ServerProcess>(std::move(more));
    CHECK(server_->WaitUntilListening()) << server_->standard_error();
  }

  std::string path() const {
    return absl::StrCat(directory_.path(), "/local_access.json");
  }
  Json File() const {
    std::ostringstream text;
    text << std::ifstream(path()).rdbuf();
    return Json::parse(text.str());
  }
  std::string TokenInFile() const { return File()["token"]; }

  // The ids of the valid tokens for local access.
  std::vector<int64_t> Ids(std::string_view token) const {
    std::vector<int64_t> ids;
    const auto answer = HttpClient(server_->port()).Get("/tokens", token);
    CHECK_EQ(answer.status, 200) << answer.body;
    const Json tokens = Json::parse(answer.body);
    for (const Json& each : tokens["response"]) {
      if (each["name"] == "local access" && each["revoked_at"].is_null()) {
        ids.push_back(each["id"]);
      }
    }
    return ids;
  }
  int StatusOf(std::string_view token) const {
    return HttpClient(server_->port()).Get("/tokens", token).status;
  }

  const platform::TempDirectory directory_;
  std::unique_ptr<harness::ServerProcess> server_;
};

TEST_F(LocalAccessServerTest, TheTokenSurvivesACrash) {
  Start();
  // The first start shows a token of its own all the same.
  EXPECT_THAT(server_->shown_token(), StartsWith("tly_"));
  const Json first = File();
  EXPECT_NE(first["token"], server_->shown_token());
  EXPECT_EQ(first["pid"], server_->pid());
  EXPECT_EQ(first["urls"],
            Json({absl::StrCat("http://127.0.0.1:", server_->port())}));
  struct stat info;
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, mode_t{0600});
  EXPECT_EQ(Ids(TokenInFile()).size(), 1u);

  ASSERT_TRUE(server_->Kill());
  Start();
  EXPECT_EQ(TokenInFile(), first["token"]);
  EXPECT_EQ(File()["pid"], server_->pid());
  EXPECT_EQ(File()["urls"],
            Json({absl::StrCat("http://127.0.0.1:", server_->port())}));
  EXPECT_EQ(Ids(TokenInFile()).size(), 1u);
}

TEST_F(LocalAccessServerTest, ADeletedTokenIsReplacedAtTheNextStart) {
  Start();
  const std::string first = TokenInFile();
  const std::string target = absl::StrCat("/tokens/", Ids(first).front());
  EXPECT_EQ(HttpClient(server_->port())
                .Request("DELETE", target,
                         {absl::StrCat("Authorization: Bearer ", first)})
                .status,
            200);
  EXPECT_EQ(StatusOf(first), 401);
  Start();
  EXPECT_EQ(StatusOf(first), 401);
  EXPECT_NE(TokenInFile(), first);
  EXPECT_EQ(Ids(TokenInFile()).size(), 1u);
}

TEST_F(LocalAccessServerTest, ALostFileIsReplacedAndItsTokenRevoked) {
  Start();
  const std::string first = TokenInFile();
  std::filesystem::remove(path());
  Start();
  EXPECT_EQ(StatusOf(first), 401);
  EXPECT_EQ(Ids(TokenInFile()).size(), 1u);
}

TEST_F(LocalAccessServerTest, TheFlagEndsLocalAccess) {
  Start();
  const std::string admin = server_->shown_token();
  const std::string local = TokenInFile();
  Start("--nolocal_access");
  EXPECT_FALSE(std::filesystem::exists(path()));
  EXPECT_EQ(StatusOf(local), 401);
  EXPECT_EQ(StatusOf(admin), 200);
  EXPECT_EQ(server_->shown_token(), "");
}

// Programs run in other directories than the server.
TEST_F(LocalAccessServerTest, PathsOfUnixSocketsAreAbsolute) {
  Start("--local_access", {"--listen=127.0.0.1,unix:local.sock"});
  const std::string path =
      absl::StrCat(std::filesystem::current_path().string(), "/local.sock");
  EXPECT_EQ(File()["urls"],
            Json({absl::StrCat("http://127.0.0.1:", server_->port()),
                  absl::StrCat("unix:", path)}));
  EXPECT_TRUE(std::filesystem::is_socket(path));
}

// The token for local access is the only admin token, and ends.
TEST_F(LocalAccessServerTest, AnotherAdminTokenIsMadeIfTheLastOneEnds) {
  Start();
  const std::string local = TokenInFile();
  EXPECT_EQ(HttpClient(server_->port())
                .Request("DELETE", "/tokens/1",
                         {absl::StrCat("Authorization: Bearer ", local)})
                .status,
            200);
  Start("--nolocal_access");
  EXPECT_FALSE(std::filesystem::exists(path()));
  EXPECT_EQ(StatusOf(local), 401);
  EXPECT_EQ(StatusOf(server_->shown_token()), 200);
}

}  // namespace
}  // namespace tallyman::server
