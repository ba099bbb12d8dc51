#include "tally/client/endpoint.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"

namespace tallyman::tally {
namespace {

TEST(EndpointTest, ReadsAddresses) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"example.com", "http://example.com:8880"},
      {"http://127.0.0.1:80/", "http://127.0.0.1:80"},
      {"https://a.example", "https://a.example:8880"},
      {"https://[::1]:8443", "https://[::1]:8443"},
      {"[::1]", "http://[::1]:8880"},
      {"unix:/run/x.sock", "unix:/run/x.sock"},
      {"unix:///run/x.sock", "unix:/run/x.sock"}};
  for (const auto& [text, expected] : cases) {
    const absl::StatusOr<ServerUrl> url = ParseServerUrl(text);
    ASSERT_TRUE(url.ok()) << url.status();
    EXPECT_EQ(url->ToString(), expected);
  }
}

TEST(EndpointTest, RefusesOtherTexts) {
  for (const std::string_view text :
       {"", "http://", "ftp://x", "http://x/path", "http://x?token=1",
        "http://user@x", "::1", "[::1", "[::1]x", "x:0", "x:65536", "x:y",
        "unix:relative", "a b", "x\n"}) {
    const absl::Status status = ParseServerUrl(text).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << text;
  }
}

}  // namespace
}  // namespace tallyman::tally
