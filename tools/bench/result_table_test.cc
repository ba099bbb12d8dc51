#include "tools/bench/result_table.h"

#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace tallyman::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// 1.2, 1.0 and 1.5 times what it is compared with.
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

TEST(EvaluateTest, TheRatioIsHeldAgainstTheTarget) {
  Row row = SlowRow();
  EXPECT_TRUE(Evaluate(row)->missed);
  row.target = AtMost(1.2);  // Just as much is not too much.
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

TEST(EvaluateTest, WithNothingBesideTheValueIsHeldAgainstTheTarget) {
  const std::optional<Outcome> outcome =
      Evaluate({.measured = {41}, .target = AtMost(40)});
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->ratio);
  EXPECT_TRUE(outcome->missed);
}

TEST(EvaluateTest, WhatWasNotMeasuredHasNoOutcome) {
  EXPECT_FALSE(Evaluate(MissingRow()));
}

TEST(ParseTableFormatTest, KnowsTheNames) {
  EXPECT_EQ(ParseTableFormat("table"), TableFormat::kTable);
  EXPECT_EQ(ParseTableFormat("markdown"), TableFormat::kMarkdown);
  EXPECT_EQ(ParseTableFormat("json"), TableFormat::kJson);
  EXPECT_EQ(ParseTableFormat("yaml"), std::nullopt);
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

TEST_F(ResultTableTest, IsAlignedForPeople) {
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

TEST_F(ResultTableTest, IsOneTableOfMarkdown) {
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

TEST_F(ResultTableTest, TheJsonHasAllSamples) {
  const nlohmann::json document =
      nlohmann::json::parse(table_.Render(TableFormat::kJson));
  ASSERT_EQ(document["rows"].size(), 3);
  const nlohmann::json& slow = document["rows"][1];
  EXPECT_EQ(slow["section"], "LISTING: 5 processes");
  EXPECT_EQ(slow["measured_samples"], nlohmann::json({12, 20, 45}));
  EXPECT_EQ(slow["ratio"], 1.2);
  EXPECT_EQ(slow["target"], nlohmann::json({{"at_most", 1.15}}));
  EXPECT_EQ(slow["missed"], true);
  const nlohmann::json& missing = document["rows"][2];
  EXPECT_TRUE(missing["measured"].is_null());
  EXPECT_EQ(missing["note"], "not installed: peer");
  EXPECT_EQ(document["missed"], 1);
  EXPECT_EQ(document["footnotes"], nlohmann::json({"two cores"}));
}

TEST(ResultTableTextTest, OtherProgramsMayWriteAnyBytes) {
  ResultTable table;
  table.AddFootnote("\xff");
  EXPECT_THAT(table.Render(TableFormat::kJson), Not(HasSubstr("\xff")));
}

}  // namespace
}  // namespace tallyman::bench
