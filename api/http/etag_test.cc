#include "api/http/etag.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "api/http/http.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::api {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

Request RequestWith(
    std::vector<std::pair<std::string_view, std::string_view>> headers) {
  Request request;
  request.headers = std::move(headers);
  return request;
}

TEST(EtagTest, IsAQuotedHash) {
  // SHA-256 of "abc", FIPS 180-2, appendix B.1.
  EXPECT_EQ(ContentHash("abc"), "ba7816bf8f01cfea414140de5dae2223");
  EXPECT_EQ(StrongEtag("abc"), "\"ba7816bf8f01cfea414140de5dae2223\"");
  EXPECT_THAT(StrongEtag(""), MatchesRegex("\"[0-9a-f]{32}\""));
  EXPECT_NE(StrongEtag("abc"), StrongEtag("abd"));
}

TEST(EtagListTest, ReadsStrongAndWeakTags) {
  const auto list = ParseEtagList(R"( "a" ,, W/"b",	"c,d" , "",)");
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_EQ(list->tags.size(), 4);
  EXPECT_EQ(list->tags[2].opaque, "\"c,d\"");
  EXPECT_TRUE(list->HasStrong("\"a\""));
  EXPECT_TRUE(list->HasStrong("\"c,d\""));
  EXPECT_TRUE(list->HasStrong("\"\""));
  EXPECT_FALSE(list->HasStrong("\"d\""));
  EXPECT_FALSE(list->any);
}

TEST(EtagListTest, AWeakTagMatchesOnlyWeakly) {
  const auto list = ParseEtagList(R"(W/"b")");
  ASSERT_TRUE(list.ok());
  EXPECT_FALSE(list->HasStrong("\"b\""));
  EXPECT_TRUE(list->HasWeak("\"b\""));
  EXPECT_FALSE(list->HasWeak("\"a\""));
}

TEST(EtagListTest, AStarMatchesEveryTag) {
  const auto list = ParseEtagList(" * ");
  ASSERT_TRUE(list.ok());
  EXPECT_TRUE(list->HasStrong("\"a\""));
  EXPECT_TRUE(list->HasWeak("\"a\""));
}

TEST(EtagListTest, AnEmptyListHasNoTag) {
  const auto list = ParseEtagList("");
  ASSERT_TRUE(list.ok());
  EXPECT_FALSE(list->HasStrong("\"a\""));
  EXPECT_FALSE(list->HasWeak("\"a\""));
}

TEST(EtagListTest, ErrorsQuoteTheTextAndThePosition) {
  for (const std::string_view text :
       {"abc", "\"abc", "abc\"", "w/\"a\"", "W/a", "\"a\"\"b\"", "\"a\", *",
        "\"a b\"", "'a'"}) {
    const auto list = ParseEtagList(text);
    EXPECT_EQ(list.status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_THAT(ParseEtagList("\"a\", b").status().message(),
              HasSubstr("is wrong at byte 5"));
}

TEST(EtagListTest, ErrorsCutAndEscapeTheText) {
  EXPECT_THAT(ParseEtagList("\xff").status().message(),
              HasSubstr(R"("\xff" is wrong at byte 0)"));
  EXPECT_LT(ParseEtagList(std::string(100000, 'x')).status().message().size(),
            300);
}

TEST(IfMatchTest, JoinsRepeatedHeaders) {
  EXPECT_FALSE(ParseIfMatch(RequestWith({}))->has_value());
  const auto list = ParseIfMatch(
      RequestWith({{"if-match", "\"a\""}, {"X", "y"}, {"If-Match", "\"b\""}}));
  ASSERT_TRUE(list.ok() && list->has_value());
  EXPECT_TRUE((*list)->HasStrong("\"a\""));
  EXPECT_TRUE((*list)->HasStrong("\"b\""));
  EXPECT_THAT(ParseIfMatch(RequestWith({{"If-Match", "a"}})).status().message(),
              HasSubstr("If-Match: \"a\" is wrong at byte 0"));
}

TEST(IfNoneMatchTest, MatchesTheTagOfTheClient) {
  const std::string etag = StrongEtag("x");
  const std::string weak = "W/" + etag;
  EXPECT_FALSE(IsUnchanged(RequestWith({}), etag));
  EXPECT_TRUE(IsUnchanged(RequestWith({{"If-None-Match", etag}}), etag));
  EXPECT_TRUE(IsUnchanged(RequestWith({{"If-None-Match", weak}}), etag));
  EXPECT_TRUE(IsUnchanged(RequestWith({{"If-None-Match", "*"}}), etag));
  EXPECT_FALSE(IsUnchanged(RequestWith({{"If-None-Match", "\"y\""}}), etag));
  EXPECT_FALSE(IsUnchanged(RequestWith({{"If-None-Match", "broken"}}), etag));
}

TEST(IfNoneMatchTest, NotModifiedHasTheTagAndNoBody) {
  const Response response = NotModified("\"a\"");
  EXPECT_EQ(response.status, 304);
  EXPECT_EQ(response.body, "");
  ASSERT_EQ(response.headers.size(), 1);
  EXPECT_EQ(response.headers[0].first, "ETag");
  EXPECT_EQ(response.headers[0].second, "\"a\"");
}

}  // namespace
}  // namespace tallyman::api
