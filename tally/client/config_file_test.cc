#include "tally/client/config_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "auth/secret.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/testing/temp_directory.h"
#include "tally/client/endpoint.h"
#include "tally/client/private_file.h"

namespace tallyman::tally {
namespace {

using ::testing::HasSubstr;

class ConfigFileTest : public testing::Test {
 protected:
  absl::Status Reading(std::string_view content) {
    EXPECT_TRUE(WritePrivateFile(path_, content).ok());
    return ReadConfig(path_).status();
  }

  const platform::TempDirectory directory_;
  const std::string path_ =
      absl::StrCat(directory_.path(), "/new/folder/config.json");
};

TEST_F(ConfigFileTest, KeepsContexts) {
  ConfigFile config = {.current = "prod"};
  config.contexts["prod"] = {.url = {.host = "a.example"},
                             .token = auth::Secret("tly_x"),
                             .ca_file = "/ca.pem"};
  config.contexts["ci"] = {
      .url = {.kind = ServerUrl::Kind::kUnix, .host = "/run/x"},
      .client =
          ClientCredentials{.id = "client-1", .secret = auth::Secret("tlc_y")}};
  ASSERT_TRUE(WriteConfig(path_, config).ok());
  const absl::StatusOr<ConfigFile> read = ReadConfig(path_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->current, "prod");
  ASSERT_EQ(read->contexts.size(), 2U);
  const Endpoint& prod = read->contexts.at("prod");
  EXPECT_EQ(prod.url.ToString(), "http://a.example:8880");
  EXPECT_EQ(prod.token.Reveal(), "tly_x");
  EXPECT_EQ(prod.ca_file, "/ca.pem");
  const Endpoint& ci = read->contexts.at("ci");
  ASSERT_TRUE(ci.client.has_value());
  EXPECT_EQ(ci.client->id, "client-1");
  EXPECT_EQ(ci.client->secret.Reveal(), "tlc_y");
}

TEST_F(ConfigFileTest, AMissingFileIsEmpty) {
  const absl::StatusOr<ConfigFile> read = ReadConfig(path_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->contexts.empty());
  EXPECT_TRUE(ReadConfig("").ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(WriteConfig("", {})));
}

TEST_F(ConfigFileTest, ErrorsHaveThePlace) {
  EXPECT_THAT(Reading("{").message(), HasSubstr("config.json"));
  EXPECT_THAT(Reading(R"({"curent":"x"})").message(), HasSubstr("curent"));
  EXPECT_THAT(Reading(R"({"version":2})").message(), HasSubstr("newer"));
  EXPECT_THAT(Reading(R"({"contexts":[]})").message(), HasSubstr("contexts"));
  EXPECT_THAT(Reading(R"({"contexts":{"a":{"url":"x/y"}}})").message(),
              HasSubstr("contexts.a.url"));
  EXPECT_THAT(
      Reading(R"({"contexts":{"a":{"url":"x","client_id":"c"}}})").message(),
      HasSubstr("belong together"));
}

TEST_F(ConfigFileTest, PrivateFilesAreOfThisUserAlone) {
  ASSERT_TRUE(WritePrivateFile(path_, "secret").ok());
  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  ASSERT_EQ(stat(absl::StrCat(directory_.path(), "/new/folder").c_str(), &info),
            0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
  ASSERT_TRUE(WritePrivateFile(path_, "other").ok());
  EXPECT_EQ(*ReadPrivateFile(path_), "other");

  ASSERT_EQ(chmod(path_.c_str(), 0640), 0);
  const absl::Status status = ReadPrivateFile(path_).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(status.message(), HasSubstr("chmod 600"));
  EXPECT_TRUE(
      absl::IsFailedPrecondition(ReadPrivateFile(directory_.path()).status()));
  EXPECT_TRUE(absl::IsNotFound(
      ReadPrivateFile(absl::StrCat(path_, ".missing")).status()));
}

}  // namespace
}  // namespace tallyman::tally
