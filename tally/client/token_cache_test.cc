#include "tally/client/token_cache.h"

#include <sys/stat.h>

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "auth/secret.h"
#include "gtest/gtest.h"
#include "platform/testing/temp_directory.h"
#include "tally/client/endpoint.h"
#include "tally/client/private_file.h"

namespace tallyman::tally {
namespace {

class TokenCacheTest : public testing::Test {
 protected:
  TokenCacheTest()
      : path_(TokenCachePath(absl::StrCat(directory_.path(), "/config.json"))),
        cache_(path_) {
    endpoint_.url = *ParseServerUrl("https://tally.example");
    endpoint_.client =
        ClientCredentials{.id = "client-1", .secret = auth::Secret("tlc_x")};
  }

  // Fetches `token`, valid for an hour, unless there is one.
  std::string Take(const std::string& token, const std::string& refused = "",
                   absl::Duration life = absl::Hours(1)) {
    const absl::StatusOr<auth::Secret> taken = cache_.FindOrFetch(
        endpoint_, auth::Secret(refused), now_,
        [&]() -> absl::StatusOr<FetchedToken> {
          return FetchedToken{auth::Secret(token), now_ + life};
        });
    return taken.ok() ? std::string(taken->Reveal())
                      : std::string(taken.status().message());
  }

  const absl::Time now_ = absl::FromUnixSeconds(1774000000);
  platform::TempDirectory directory_;
  std::string path_;
  TokenCache cache_;
  Endpoint endpoint_;
};

TEST_F(TokenCacheTest, FetchesOnceForTheLifeOfAToken) {
  EXPECT_EQ(Take("first"), "first");
  EXPECT_EQ(Take("second"), "first");
  EXPECT_TRUE(cache_.Find(endpoint_, now_ + absl::Seconds(3570)));
  EXPECT_FALSE(cache_.Find(endpoint_, now_ + absl::Seconds(3571)));
  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(TokenCacheTest, ReplacesTheTokenThatWasRefused) {
  EXPECT_EQ(Take("first"), "first");
  EXPECT_EQ(Take("second", "first"), "second");
  EXPECT_EQ(Take("third", "first"), "second");
}

TEST_F(TokenCacheTest, KeepsServersAndClientsApart) {
  EXPECT_EQ(Take("first"), "first");
  endpoint_.client->id = "client-2";
  EXPECT_EQ(Take("second"), "second");
  endpoint_.url.port = 1;
  EXPECT_EQ(Take("third"), "third");
  EXPECT_TRUE(cache_.Forget(endpoint_).ok());
  EXPECT_EQ(Take("fourth"), "fourth");
}

TEST_F(TokenCacheTest, KeepsNothingThatEndsSoon) {
  EXPECT_EQ(Take("first", "", absl::Seconds(29)), "first");
  EXPECT_EQ(Take("second"), "second");
}

TEST_F(TokenCacheTest, TakesABrokenFileForEmpty) {
  for (const std::string content :
       {"{", "[]", R"({"version":1,"tokens":[{"url":1},7]})",
        R"({"version":2,"tokens":[]})"}) {
    ASSERT_TRUE(WritePrivateFile(path_, content).ok());
    EXPECT_EQ(Take("first"), "first") << content;
    EXPECT_EQ(Take("second"), "first") << content;
  }
  // Others could have put a token of their own into it.
  ASSERT_EQ(chmod(path_.c_str(), 0666), 0);
  EXPECT_EQ(Take("second"), "second");
}

TEST_F(TokenCacheTest, ServesWithoutAFile) {
  cache_ = TokenCache("");
  EXPECT_EQ(Take("first"), "first");
  EXPECT_EQ(Take("second"), "second");
  EXPECT_TRUE(cache_.Forget(endpoint_).ok());
  cache_ = TokenCache("/proc/none/tokens.json");
  EXPECT_EQ(Take("first"), "first");
}

TEST_F(TokenCacheTest, ReturnsTheErrorOfTheFetch) {
  const absl::StatusOr<auth::Secret> taken = cache_.FindOrFetch(
      endpoint_, auth::Secret(), now_, []() -> absl::StatusOr<FetchedToken> {
        return absl::UnauthenticatedError("no such client");
      });
  EXPECT_EQ(taken.status(), absl::UnauthenticatedError("no such client"));
}

}  // namespace
}  // namespace tallyman::tally
