#include "tally/import/shell_words.h"

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::tally {
namespace {

using ::testing::ElementsAre;

TEST(SplitWordsTest, HasTheQuotesOfShlex) {
  const absl::StatusOr<std::vector<std::string>> words =
      SplitWords(R"(a  'b "c' "d 'e\" \n" f\ g "" h"i"j)");
  ASSERT_TRUE(words.ok()) << words.status();
  EXPECT_THAT(*words,
              ElementsAre("a", "b \"c", "d 'e\" \\n", "f g", "", "hij"));
  EXPECT_FALSE(SplitWords("'a").ok());
  EXPECT_FALSE(SplitWords("a\\").ok());
}

TEST(SplitWordsTest, KeepsAnExpansionWhole) {
  const absl::StatusOr<std::vector<std::string>> words =
      SplitWords("a" + Expansion("$((X - 1))") + " b");
  ASSERT_TRUE(words.ok()) << words.status();
  EXPECT_THAT(*words, ElementsAre("a" + Expansion("$((X - 1))"), "b"));
}

TEST(QuoteWordTest, QuotesWhatShellsRead) {
  EXPECT_EQ(QuoteWord("--port=80"), "--port=80");
  EXPECT_EQ(QuoteWord(""), "''");
  EXPECT_EQ(QuoteWord("it's $5"), "'it'\\''s $5'");
  EXPECT_EQ(QuoteWord("*"), "'*'");
  EXPECT_EQ(QuoteWord("a\"$b" + Expansion("${C}")), "\"a\\\"\\$b${C}\"");
}

TEST(JoinWordsTest, FirstWordIsNoAssignment) {
  EXPECT_EQ(JoinWords({"A=1", "B=2"}), "'A=1' B=2");
  EXPECT_EQ(JoinWords({}), "");
}

}  // namespace
}  // namespace tallyman::tally
