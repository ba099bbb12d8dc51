#include "server/local_access.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "auth/authenticator.h"
#include "auth/clock.h"
#include "auth/secret.h"
#include "auth/sqlite_token_store.h"
#include "auth/token.h"
#include "auth/token_store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "platform/testing/temp_directory.h"
#include "storage/testing/test_database.h"

namespace tallyman::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::json;

class LocalAccessTest : public testing::Test {
 protected:
  LocalAccessTest() {
    auto store =
        auth::SqliteTokenStore::Open(*database_, auth::SystemClock(), {});
    CHECK_OK(store);
    tokens_ = *std::move(store);
    auto authenticator =
        auth::Authenticator::Create(*tokens_, auth::SystemClock());
    CHECK_OK(authenticator);
    authenticator_ = *std::move(authenticator);
  }

  absl::Status Write(const std::vector<std::string>& urls = {"http://a"}) {
    return WriteLocalAccess(path_, urls, *tokens_, *authenticator_);
  }

  std::string Text() const {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }
  std::string TokenInFile() const { return Json::parse(Text())["token"]; }
  void WriteText(std::string_view text) const { std::ofstream(path_) << text; }

  int64_t MakeAdmin(std::string_view name) {
    const auto made = tokens_->Create(
        {.name = std::string(name), .scopes = auth::Scope::kAdmin});
    CHECK_OK(made);
    return made->token.id;
  }

  // The ids of the valid tokens for local access.
  std::vector<int64_t> ValidIds() const {
    std::vector<int64_t> ids;
    const auto tokens = tokens_->List();
    CHECK_OK(tokens);
    for (const auth::Token& token : *tokens) {
      if (IsLocalAccessToken(token) && !token.revoked_at) {
        ids.push_back(token.id);
      }
    }
    return ids;
  }

  absl::StatusOr<auth::Principal> Authenticate(std::string_view value) const {
    return authenticator_->Authenticate(auth::Secret(value));
  }

  const platform::TempDirectory directory_;
  const std::string path_ =
      absl::StrCat(directory_.path(), "/", kLocalAccessFile);
  storage::TestDatabase database_;
  std::unique_ptr<auth::SqliteTokenStore> tokens_;
  std::unique_ptr<auth::Authenticator> authenticator_;
};

TEST_F(LocalAccessTest, WritesAddressesAndAnAdminToken) {
  ASSERT_TRUE(Write({"http://127.0.0.1:8880", "unix:/run/\"a\".sock"}).ok());
  const Json file = Json::parse(Text());
  EXPECT_EQ(file["version"], 1);
  EXPECT_EQ(file["urls"],
            Json({"http://127.0.0.1:8880", "unix:/run/\"a\".sock"}));
  EXPECT_EQ(file["pid"], getpid());
  EXPECT_EQ(file.size(), 4u);
  const auto principal = Authenticate(file["token"].get<std::string>());
  ASSERT_TRUE(principal.ok()) << principal.status();
  EXPECT_TRUE(principal->token().scopes.Allows(auth::Scope::kAdmin));
  EXPECT_EQ(principal->token().name, kLocalAccessName);
  EXPECT_EQ(principal->token().hourly_limit, auth::kMaxRequestLimit);
  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, mode_t{0600});
}

TEST_F(LocalAccessTest, KeepsAValidTokenAndRewritesTheAddresses) {
  ASSERT_TRUE(Write({"http://a"}).ok());
  const std::string token = TokenInFile();
  // Others may have been let in by mistake, and a crash may leave the new file.
  ASSERT_EQ(chmod(path_.c_str(), 0644), 0);
  std::ofstream(absl::StrCat(path_, ".tmp")) << "old";
  ASSERT_TRUE(Write({"http://b"}).ok());
  EXPECT_EQ(TokenInFile(), token);
  EXPECT_EQ(Json::parse(Text())["urls"], Json({"http://b"}));
  EXPECT_THAT(ValidIds(), ElementsAre(1));
  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, mode_t{0600});
  EXPECT_FALSE(std::filesystem::exists(absl::StrCat(path_, ".tmp")));
}

TEST_F(LocalAccessTest, ReplacesARevokedToken) {
  ASSERT_TRUE(Write().ok());
  MakeAdmin("other");
  ASSERT_TRUE(tokens_->Revoke(1).ok());
  ASSERT_TRUE(Write().ok());
  EXPECT_THAT(ValidIds(), ElementsAre(3));
  EXPECT_TRUE(Authenticate(TokenInFile()).ok());
}

TEST_F(LocalAccessTest, ALostOrDamagedFileRevokesItsToken) {
  ASSERT_TRUE(Write().ok());
  int64_t id = 1;
  for (const std::string_view text :
       {"", "{", "[]", "{}", R"({"token":7})", R"({"token":"tly_wrong"})"}) {
    const std::string token = TokenInFile();
    WriteText(text);
    ASSERT_TRUE(Write().ok()) << text;
    EXPECT_THAT(ValidIds(), ElementsAre(++id)) << text;
    EXPECT_FALSE(Authenticate(token).ok()) << text;
  }
  std::filesystem::remove(path_);
  ASSERT_TRUE(Write().ok());
  EXPECT_THAT(ValidIds(), ElementsAre(++id));
}

TEST_F(LocalAccessTest, DoesNotAdoptAnotherToken) {
  const auto made = tokens_->Create(
      {.name = std::string(kLocalAccessName), .scopes = auth::Scope::kAdmin});
  ASSERT_TRUE(made.ok());
  WriteText(Json({{"token", std::string(made->value.Reveal())}}).dump());
  ASSERT_TRUE(Write().ok());
  EXPECT_THAT(ValidIds(), ElementsAre(2));
  // An operator's token of the same name stays valid.
  EXPECT_TRUE(authenticator_->Authenticate(made->value).ok());
}

TEST_F(LocalAccessTest, LeavesNoTokenIfTheFileCannotBeWritten) {
  MakeAdmin("other");
  std::filesystem::create_directories(absl::StrCat(path_, "/x"));
  const absl::Status written = Write();
  EXPECT_FALSE(written.ok());
  EXPECT_THAT(written.message(), HasSubstr(path_));
  EXPECT_THAT(ValidIds(), IsEmpty());
}

TEST_F(LocalAccessTest, RemovesFileAndToken) {
  MakeAdmin("other");
  ASSERT_TRUE(Write().ok());
  const std::string token = TokenInFile();
  ASSERT_TRUE(RemoveLocalAccess(path_, *tokens_).ok());
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_FALSE(Authenticate(token).ok());
  // Nothing is left to remove.
  EXPECT_TRUE(RemoveLocalAccess(path_, *tokens_).ok());
  const auto tokens = tokens_->List();
  ASSERT_TRUE(tokens.ok());
  EXPECT_FALSE(tokens->front().revoked_at.has_value());
}

}  // namespace
}  // namespace tallyman::server
