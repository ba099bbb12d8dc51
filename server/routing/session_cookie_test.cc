#include "server/routing/session_cookie.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/http/http.h"
#include "auth/secret.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

const SessionCookie& Cookie() {
  static const SessionCookie& cookie = *new SessionCookie("0f1e2d3c");
  return cookie;
}

std::optional<absl::StatusOr<PresentedSession>> Find(
    const Headers& headers, std::string_view method = "GET",
    bool is_https = false) {
  api::Request request;
  request.method = method;
  request.headers = headers;
  return FindSession(request, Cookie(), is_https);
}

// Why the session does not count; "" if it does.
std::string RefusalOf(const Headers& headers, std::string_view method = "GET") {
  const auto found = Find(headers, method);
  if (!found) return "there is none";
  if (found->ok()) return "";
  EXPECT_TRUE(absl::IsUnauthenticated(found->status())) << found->status();
  return std::string(found->status().message());
}

constexpr std::pair<std::string_view, std::string_view> kHalf = {
    "Cookie", "tallyman_0f1e2d3c=half"};
constexpr std::pair<std::string_view, std::string_view> kKey = {
    "x-tallyman-session", "key"};

TEST(SessionCookieTest, HasTheAttributesThatKeepItHere) {
  const auth::Secret value("v");
  EXPECT_EQ(Cookie().Set(value, /*is_https=*/false),
            "tallyman_0f1e2d3c=v; Path=/; HttpOnly; SameSite=Strict");
  EXPECT_EQ(
      Cookie().Set(value, /*is_https=*/true),
      "__Host-tallyman_0f1e2d3c=v; Path=/; HttpOnly; SameSite=Strict; Secure");
  EXPECT_EQ(Cookie().Clear(/*is_https=*/false),
            "tallyman_0f1e2d3c=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict");
  EXPECT_EQ(Cookie().Clear(/*is_https=*/true),
            "__Host-tallyman_0f1e2d3c=; Max-Age=0; Path=/; HttpOnly; "
            "SameSite=Strict; Secure");
}

TEST(SessionCookieTest, FindsBothHalves) {
  const auto found = Find({kHalf, kKey, {"Sec-Fetch-Site", "same-origin"}});
  ASSERT_TRUE(found.has_value());
  ASSERT_TRUE(found->ok()) << found->status();
  EXPECT_EQ((*found)->cookie.Reveal(), "half");
  EXPECT_EQ((*found)->key.Reveal(), "key");
  EXPECT_EQ(Find({}), std::nullopt);
  EXPECT_EQ(Find({{"Cookie", "tallyman_ffffffff=half"}}), std::nullopt);
}

TEST(SessionCookieTest, HttpsHasItsOwnCookie) {
  const Headers headers = {
      {"Cookie", "tallyman_0f1e2d3c=a; __Host-tallyman_0f1e2d3c=b"}, kKey};
  const auto plain = Find(headers);
  ASSERT_TRUE(plain.has_value() && plain->ok());
  EXPECT_EQ((*plain)->cookie.Reveal(), "a");
  const auto https = Find(headers, "GET", /*is_https=*/true);
  ASSERT_TRUE(https.has_value() && https->ok());
  EXPECT_EQ((*https)->cookie.Reveal(), "b");
}

TEST(SessionCookieTest, HalfASessionIsRefusedWithoutItsValue) {
  EXPECT_THAT(RefusalOf({kHalf}), HasSubstr("without the header"));
  EXPECT_THAT(RefusalOf({kHalf}), Not(HasSubstr("half")));
  EXPECT_THAT(RefusalOf({kKey}), HasSubstr("without the cookie"));
}

TEST(SessionCookieTest, TwoDifferentCookiesAreRefused) {
  EXPECT_THAT(
      RefusalOf({{"Cookie", "tallyman_0f1e2d3c=a; tallyman_0f1e2d3c=b"}, kKey}),
      HasSubstr("two cookies"));
  EXPECT_EQ(
      RefusalOf({{"Cookie", "tallyman_0f1e2d3c=a; tallyman_0f1e2d3c=a"}, kKey}),
      "");
}

TEST(SessionCookieTest, OnlyTheServersOwnPagesMayUseIt) {
  for (const std::string_view site : {"same-site", "cross-site", "none", "x"}) {
    EXPECT_THAT(RefusalOf({kHalf,
                           kKey,
                           {"Sec-Fetch-Site", site},
                           {"Origin", "http://a:1"},
                           {"Host", "a:1"}}),
                HasSubstr("Sec-Fetch-Site"));
  }
  const auto by_origin = [](std::string_view origin, std::string_view host) {
    return RefusalOf({kHalf, kKey, {"Origin", origin}, {"Host", host}}, "POST");
  };
  EXPECT_EQ(by_origin("http://a:1", "a:1"), "");
  EXPECT_EQ(by_origin("https://A.example", "a.EXAMPLE"), "");
  EXPECT_THAT(by_origin("http://a:2", "a:1"), HasSubstr("\"http://a:2\""));
  EXPECT_THAT(by_origin("http://a", "a:1"), HasSubstr("Origin"));
  EXPECT_THAT(by_origin("null", ""), HasSubstr("Origin"));
  EXPECT_THAT(by_origin("null", "null"), HasSubstr("Origin"));
}

// Browsers send neither header with a GET of clear text to another machine.
TEST(SessionCookieTest, WithoutBothHeadersARequestMayOnlyRead) {
  EXPECT_EQ(RefusalOf({kHalf, kKey}, "GET"), "");
  EXPECT_EQ(RefusalOf({kHalf, kKey}, "HEAD"), "");
  EXPECT_THAT(RefusalOf({kHalf, kKey}, "DELETE"), HasSubstr("neither"));
}

}  // namespace
}  // namespace tallyman::server
