#include "api/stacks/output_query.h"

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/http/params.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "re2/re2.h"

namespace tallyman::api {
namespace {

using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

OutputQuery Parse(std::string_view query) {
  const auto parsed = ParseOutputQuery(Params::Parse(query), kNow);
  EXPECT_TRUE(parsed.ok()) << query << " " << parsed.status();
  return parsed.value_or(OutputQuery());
}

std::string ErrorOf(std::string_view query) {
  const auto parsed = ParseOutputQuery(Params::Parse(query), kNow);
  EXPECT_TRUE(absl::IsInvalidArgument(parsed.status())) << query;
  return std::string(parsed.status().message());
}

TEST(OutputQueryTest, AnEmptyQueryAsksForEverything) {
  const OutputQuery query = Parse("");
  EXPECT_EQ(query.grep, nullptr);
  EXPECT_EQ(query.since, absl::InfinitePast());
  EXPECT_EQ(query.until, absl::InfiniteFuture());
  EXPECT_FALSE(query.has_times);
}

TEST(OutputQueryTest, ReadsItsParameters) {
  const OutputQuery query = Parse(
      "grep=(%3Fi)b%2B&since=2026-11-22T00:10:09%2B01:00&until=90s"
      "&stream=both&times=true");
  EXPECT_TRUE(RE2::PartialMatch("aBBc", *query.grep));
  EXPECT_FALSE(RE2::PartialMatch("ac", *query.grep));
  EXPECT_EQ(query.since,
            absl::FromCivil(absl::CivilSecond(2026, 11, 21, 23, 10, 9),
                            absl::UTCTimeZone()));
  EXPECT_EQ(query.until, kNow - absl::Seconds(90));
  EXPECT_TRUE(query.has_times);
  EXPECT_EQ(Parse("since=15m").since, kNow - absl::Minutes(15));
  EXPECT_EQ(Parse("since=2h").since, kNow - absl::Hours(2));
  EXPECT_EQ(Parse("since=7d").since, kNow - absl::Hours(168));
}

TEST(OutputQueryTest, ABadExpressionIsAnErrorThatSaysWhere) {
  EXPECT_EQ(ErrorOf("grep=ab(cd"),
            "grep: \"ab(cd\" is no regular expression: missing ): ab(cd, "
            "at byte 1");
  EXPECT_EQ(ErrorOf("grep=ab[z-a]"),
            "grep: \"ab[z-a]\" is no regular expression: invalid character "
            "class range: z-a, at byte 4");
  EXPECT_THAT(ErrorOf("grep=a**"), HasSubstr("bad repetition operator"));
  EXPECT_THAT(ErrorOf("grep="), HasSubstr("grep: is empty"));
}

TEST(OutputQueryTest, ExpressionsAreBounded) {
  Parse(absl::StrCat("grep=", std::string(500, 'a')));
  EXPECT_EQ(ErrorOf(absl::StrCat("grep=", std::string(501, 'a'))),
            "grep: has 501 bytes; the limit is 500");
  EXPECT_THAT(ErrorOf("grep=((a{100}){100}){100}"),
              HasSubstr("is no regular expression"));
  EXPECT_THAT(ErrorOf("grep=(\\pL{500}){2}"), HasSubstr("too large"));
}

TEST(OutputQueryTest, OtherValuesAreErrorsThatSayWhatIsMeant) {
  for (const std::string_view value :
       {"", "x", "m", "-1m", "1.5h", "1w", "99999999999s", "2026-11-22",
        "2026-11-22T00:10:09 01:00"}) {
    EXPECT_THAT(ErrorOf(absl::StrCat("since=", value)), HasSubstr("since: \""));
    EXPECT_THAT(ErrorOf(absl::StrCat("until=", value)),
                HasSubstr("nor a duration such as 90s"));
  }
  EXPECT_EQ(ErrorOf("since=1m&until=2m"), "until: is before since");
  EXPECT_THAT(ErrorOf("stream=stderr"), HasSubstr("are not told apart"));
  EXPECT_THAT(ErrorOf("times=yes"), HasSubstr("is none of 1, true"));
}

}  // namespace
}  // namespace tallyman::api
