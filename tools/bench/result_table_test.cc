#include "tools/bench/result_table.h"

#include <optional>

#include "gtest/gtest.h"

namespace tallyman::bench {
namespace {

// Ratios of 1.2, 1.0 and 1.5.
Row SlowRow() {
  return {.what = "lister",
          .unit = "ms",
          .measured = {12, 20, 45},
          .against = "floor",
          .beside = {10, 20, 30},
          .target = AtMost(1.15)};
}

Row MissingRow() {
  return {.what = "lister",
          .unit = "ms",
          .against = "a peer",
          .target = AtLeast(5),
          .note = "not installed: peer"};
}

TEST(EvaluateTest, ComparesWithinEachRepetition) {
  const std::optional<Outcome> outcome = Evaluate(SlowRow());
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->measured, 20);
  EXPECT_EQ(outcome->beside, 20);
  EXPECT_EQ(outcome->ratio, 1.2);
  EXPECT_EQ(outcome->low, 1);
  EXPECT_EQ(outcome->high, 1.5);
}

TEST(EvaluateTest, ComparesTheRatioWithTheTarget) {
  Row row = SlowRow();
  EXPECT_TRUE(Evaluate(row)->missed);
  row.target = AtMost(1.2);  // The target itself is met.
  EXPECT_FALSE(Evaluate(row)->missed);
  row.target = AtLeast(1.3);
  EXPECT_TRUE(Evaluate(row)->missed);
  row.target = std::nullopt;
  EXPECT_FALSE(Evaluate(row)->missed);
}

TEST(EvaluateTest, TimesFasterIsTheInverse) {
  const std::optional<Outcome> outcome = Evaluate({.measured = {10, 10},
                                                   .beside = {50, 70},
                                                   .times_faster = true,
                                                   .target = AtLeast(6)});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->ratio, 6);
  EXPECT_EQ(outcome->low, 5);
  EXPECT_EQ(outcome->high, 7);
  EXPECT_FALSE(outcome->missed);
}

TEST(EvaluateTest, ComparesTheValueWithTheTargetIfThereIsNoRatio) {
  const std::optional<Outcome> outcome =
      Evaluate({.measured = {41}, .target = AtMost(40)});
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->ratio);
  EXPECT_TRUE(outcome->missed);
}

TEST(EvaluateTest, ARowWithoutMeasurementsHasNoOutcome) {
  EXPECT_FALSE(Evaluate(MissingRow()));
}

TEST(ParseTableFormatTest, KnowsTheNames) {
  EXPECT_EQ(ParseTableFormat("table"), TableFormat::kTable);
  EXPECT_EQ(ParseTableFormat("markdown"), TableFormat::kMarkdown);
  EXPECT_EQ(ParseTableFormat("json"), std::nullopt);
}

class ResultTableTest : public testing::Test {
 protected:
  ResultTableTest() {
    table_.BeginSection("LISTING: 5 processes");
    table_.Add({.what = "floor", .unit = "ms", .measured = {10, 20, 30}});
    table_.Add(SlowRow());
    table_.Add(MissingRow());
    table_.AddFootnote("two cores");
  }

  ResultTable table_;
};

TEST_F(ResultTableTest, CountsMissedTargets) {
  EXPECT_EQ(table_.MissedTargets(), 1);
  EXPECT_EQ(table_.UnmeasuredTargets(), 1);
}

TEST_F(ResultTableTest, TheTableIsAligned) {
  EXPECT_EQ(
      table_.Render(TableFormat::kTable),
      "  what    against  unit  measured  beside  ratio        spread   target"
      "\n"
      "\n"
      "LISTING: 5 processes\n"
      "  floor            ms          20                     10 .. 30\n"
      "  lister  floor    ms          20      20   1.20  1.00 .. 1.50  <= 1.15"
      "  MISSED\n"
      "  lister  a peer   ms                                              >= 5"
      "  -- not installed: peer\n"
      "\n"
      "two cores\n");
}

TEST_F(ResultTableTest, TheMarkdownIsOneTable) {
  table_.Add({.what = "a|b", .measured = {1.5}, .target = AtMost(2)});
  EXPECT_EQ(
      table_.Render(TableFormat::kMarkdown),
      "| what | against | unit | measured | beside | ratio | spread | target "
      "| |\n"
      "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | --- |\n"
      "| **LISTING: 5 processes** | | | | | | | | |\n"
      "| floor | | ms | 20 | | | 10 .. 30 | | |\n"
      "| lister | floor | ms | 20 | 20 | 1.20 | 1.00 .. 1.50 | <= 1.15 "
      "| MISSED |\n"
      "| lister | a peer | ms | | | | | >= 5 | -- not installed: peer |\n"
      "| a\\|b | | | 1.500 | | | | <= 2 | ok |\n"
      "\n"
      "two cores\n");
}

}  // namespace
}  // namespace tallyman::bench
