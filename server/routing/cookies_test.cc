#include "server/routing/cookies.h"

#include "api/http/http.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(CookiesTest, FindsACookieAmongOthers) {
  EXPECT_THAT(CookiesNamed("a", "a=1"), ElementsAre("1"));
  EXPECT_THAT(CookiesNamed("b", "a=1; b=2; c=3"), ElementsAre("2"));
  EXPECT_THAT(CookiesNamed("b", "a=1;b=2;\tc=3"), ElementsAre("2"));
  EXPECT_THAT(CookiesNamed("b", "b=x=y; c=b=2"), ElementsAre("x=y"));
  EXPECT_THAT(CookiesNamed("b", "b=\"2\""), ElementsAre("\"2\""));
  EXPECT_THAT(CookiesNamed("b", "b=; b = 2 "), ElementsAre("", "2"));
}

TEST(CookiesTest, ANameIsComparedWholeAndWithItsCase) {
  EXPECT_THAT(CookiesNamed("b", "B=1; bb=2; __Host-b=3"), IsEmpty());
  EXPECT_THAT(CookiesNamed("b", ""), IsEmpty());
  EXPECT_THAT(CookiesNamed("b", "b"), IsEmpty());
  EXPECT_THAT(CookiesNamed("b", ";;=1;b,b=2"), IsEmpty());
}

TEST(CookiesTest, ReadsAllCookieHeaders) {
  api::Request request;
  request.headers = {{"cookie", "a=1"}, {"X-Cookie", "a=2"}, {"Cookie", "a=3"}};
  EXPECT_THAT(CookiesNamed("a", request), ElementsAre("1", "3"));
}

}  // namespace
}  // namespace tallyman::server
