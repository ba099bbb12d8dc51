#include "tally/client/find_endpoint.h"

#include <cstdlib>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "auth/secret.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/testing/temp_directory.h"
#include "tally/client/config_file.h"
#include "tally/client/endpoint.h"
#include "tally/client/private_file.h"

namespace tallyman::tally {
namespace {

using ::testing::HasSubstr;

// NOLINTBEGIN(concurrency-mt-unsafe): the test has one thread.
class FindEndpointTest : public testing::Test {
 protected:
  FindEndpointTest() {
    for (const char* const name :
         {"TALLY_CONTEXT", "TALLY_URL", "TALLY_TOKEN", "TALLY_TOKEN_FILE",
          "TALLY_CA", "XDG_DATA_HOME"}) {
      unsetenv(name);
    }
    setenv("HOME", directory_.path().c_str(), 1);
    setenv("TALLY_CONFIG", Path("config.json").c_str(), 1);
    ConfigFile config;
    config.contexts["prod"] = {.url = {.host = "prod.example"},
                               .token = auth::Secret("of-prod"),
                               .source = "context \"prod\""};
    EXPECT_TRUE(WriteConfig(Path("config.json"), config).ok());
    EXPECT_TRUE(
        WritePrivateFile(Path("data/local_access.json"),
                         R"({"urls":["http://127.0.0.1:1","unix:/run/x"],
                             "token":"of-data"})")
            .ok());
    EXPECT_TRUE(WritePrivateFile(Path("token"), " of-file\n").ok());
  }

  std::string Path(std::string_view name) const {
    return absl::StrCat(directory_.path(), "/", name);
  }

  // "URL TOKEN", or the error.
  static std::string Found(const EndpointFlags& flags) {
    const absl::StatusOr<Endpoint> endpoint = FindEndpoint(flags);
    if (!endpoint.ok()) return std::string(endpoint.status().message());
    return absl::StrCat(endpoint->url.ToString(), " ",
                        endpoint->token.Reveal());
  }

  const platform::TempDirectory directory_;
};

TEST_F(FindEndpointTest, FlagsComeFirst) {
  setenv("TALLY_URL", "http://variable", 1);
  EXPECT_EQ(Found({.context = "prod"}), "http://prod.example:8880 of-prod");
  EXPECT_EQ(Found({.url = "http://flag"}), "http://flag:8880 ");
  // A Unix socket before TCP.
  EXPECT_EQ(Found({.data_dir = Path("data")}), "unix:/run/x of-data");
  EXPECT_EQ(Found({}), "http://variable:8880 ");
}

TEST_F(FindEndpointTest, AUrlTakesTheTokenOfItsContext) {
  EXPECT_EQ(Found({.url = "prod.example"}), "http://prod.example:8880 of-prod");
}

TEST_F(FindEndpointTest, TokensOfFlagsAndVariablesReplaceOthers) {
  EXPECT_EQ(Found({.context = "prod", .token_file = Path("token")}),
            "http://prod.example:8880 of-file");
  setenv("TALLY_TOKEN_FILE", Path("token").c_str(), 1);
  EXPECT_EQ(Found({.context = "prod"}), "http://prod.example:8880 of-file");
  setenv("TALLY_TOKEN", "of-variable", 1);
  EXPECT_EQ(Found({.context = "prod"}), "http://prod.example:8880 of-variable");
}

TEST_F(FindEndpointTest, ErrorsNameTheirPlace) {
  EXPECT_THAT(Found({.context = "other"}), HasSubstr("there are prod"));
  EXPECT_THAT(Found({.url = "ftp://x"}), HasSubstr("--url: "));
  EXPECT_THAT(Found({.data_dir = Path("none")}), HasSubstr("none"));
  EXPECT_THAT(Found({.url = "x", .token_file = Path("none")}),
              HasSubstr("the token: "));
  setenv("TALLY_CONTEXT", "other", 1);
  EXPECT_THAT(Found({}), HasSubstr("no context \"other\""));
}
// NOLINTEND(concurrency-mt-unsafe)

}  // namespace
}  // namespace tallyman::tally
