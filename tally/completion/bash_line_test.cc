#include "tally/completion/bash_line.h"

#include <optional>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::tally {
namespace {

using ::testing::ElementsAre;

// The default of bash.
constexpr std::string_view kBreaks = " \t\n\"'@><=;|&(:";

std::string Replace(std::string_view line, std::string_view word) {
  return BashReplacement(ReadBashLine(line, kBreaks), word).value_or("none");
}

TEST(BashLineTest, SplitsAsBashDoes) {
  EXPECT_THAT(ReadBashLine("tally", kBreaks).words, ElementsAre("tally"));
  EXPECT_THAT(ReadBashLine("tally  a ", kBreaks).words,
              ElementsAre("tally", "a", ""));
  EXPECT_THAT(ReadBashLine(R"(tally 'a b' "c\"d" e\ f "")", kBreaks).words,
              ElementsAre("tally", "a b", "c\"d", "e f", ""));
  EXPECT_THAT(ReadBashLine(R"(x 'a\b' "a\b" a\b)", kBreaks).words,
              ElementsAre("x", "a\\b", "a\\b", "ab"));
  EXPECT_THAT(ReadBashLine("x --stack='my sh", kBreaks).words,
              ElementsAre("x", "--stack=my sh"));
  EXPECT_THAT(ReadBashLine("x a\\", kBreaks).words, ElementsAre("x", "a"));
}

TEST(BashLineTest, ReplacesTheWholeWord) {
  EXPECT_EQ(Replace("x sc", "scale"), "scale");
  EXPECT_EQ(Replace("x ", "scale"), "scale");
  EXPECT_EQ(Replace("x sc", "stacks"), "none");
  EXPECT_EQ(Replace("x my\\ s", "my shop"), "my\\ shop");
}

TEST(BashLineTest, KeepsWhatStandsBeforeABreak) {
  EXPECT_EQ(Replace("x --stack=sh", "--stack=shop"), "shop");
  EXPECT_EQ(Replace("x --stack=", "--stack=shop"), "shop");
  EXPECT_EQ(Replace("x shop@st", "shop@staging"), "staging");
  EXPECT_EQ(Replace("x a:b:c", "a:b:cd"), "cd");
  EXPECT_EQ(Replace("x a\\:b", "a:bc"), "a:bc");
  EXPECT_EQ(Replace("x web=", "web=4"), "4");
}

TEST(BashLineTest, StaysWithinQuotationMarks) {
  EXPECT_EQ(Replace("x 'my s", "my shop's"), "my shop'\\''s");
  EXPECT_EQ(Replace("x \"my s", "my s$\"x"), "my s\\$\\\"x");
  EXPECT_EQ(Replace("x --stack='my s", "--stack=my shop"), "my shop");
  EXPECT_EQ(Replace("x 'a:b", "a:bc"), "a:bc");
}

TEST(BashLineTest, QuotesWhatBashWouldObey) {
  EXPECT_EQ(Replace("x ", "a;b$(c)"), "a\\;b\\$\\(c\\)");
  EXPECT_EQ(Replace("x ", "a:b=c@d"), "a:b=c@d");
}

}  // namespace
}  // namespace tallyman::tally
