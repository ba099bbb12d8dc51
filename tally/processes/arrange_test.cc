#include "tally/processes/arrange.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tally/processes/process_filter.h"
#include "tally/processes/process_record.h"

namespace tallyman::tally {
namespace {

using ::testing::ElementsAre;

ProcessRecord Record(int pid, int ppid, std::string_view name, int memory) {
  return {.p = {{"pid", pid},
                {"ppid", ppid},
                {"name", std::string(name)},
                {"memory", memory}}};
}

// "1", "+2": the guides and the pid of each row.
std::vector<std::string> RowsOf(std::vector<ProcessRecord> records,
                                const Arrangement& arrangement) {
  std::vector<std::string> rows;
  for (const ProcessRecord* const row : Arrange(records, arrangement)) {
    rows.push_back(absl::StrCat(row->guides, IntegerOf(*row, "pid")));
  }
  return rows;
}

std::vector<ProcessRecord> Family() {
  return {Record(4, 3, "leaf", 40), Record(1, 0, "init", 10),
          Record(2, 1, "a", 5), Record(3, 1, "b", 1)};
}

TEST(ArrangeTest, Sorts) {
  EXPECT_THAT(RowsOf(Family(), {}), ElementsAre("1", "2", "3", "4"));
  EXPECT_THAT(RowsOf(Family(), {.order = ParseOrder("-memory")}),
              ElementsAre("4", "1", "2", "3"));
  EXPECT_THAT(RowsOf(Family(), {.order = ParseOrder("name")}),
              ElementsAre("2", "3", "1", "4"));
  EXPECT_THAT(RowsOf(Family(), {.is_sorted = true}),
              ElementsAre("4", "1", "2", "3"));
}

TEST(ArrangeTest, LimitsAndFilters) {
  EXPECT_THAT(RowsOf(Family(), {.order = ParseOrder("-memory"), .limit = 2}),
              ElementsAre("4", "1"));
  Arrangement arrangement;
  arrangement.filter.AddEqual("name", {"a", "leaf"});
  EXPECT_THAT(RowsOf(Family(), arrangement), ElementsAre("2", "4"));
}

TEST(ArrangeTest, UnknownValuesStandLastInBothDirections) {
  const std::vector<ProcessRecord> records = {
      Record(1, 0, "", -1), Record(2, 0, "x", 5), Record(3, 0, "y", 7)};
  EXPECT_THAT(RowsOf(records, {.order = ParseOrder("memory")}),
              ElementsAre("2", "3", "1"));
  EXPECT_THAT(RowsOf(records, {.order = ParseOrder("-memory")}),
              ElementsAre("3", "2", "1"));
  EXPECT_THAT(RowsOf(records, {.order = ParseOrder("-name")}),
              ElementsAre("3", "2", "1"));
}

TEST(ArrangeTest, ATreeHasLinesAndSums) {
  std::vector<ProcessRecord> records = Family();
  const std::vector<const ProcessRecord*> rows =
      Arrange(records, {.is_tree = true});
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0]->memory_sum, 56);
  EXPECT_THAT(RowsOf(Family(), {.is_tree = true}),
              ElementsAre("1", "+2", "`3", " `4"));
  // By the sums: 3 with its child has 41.
  EXPECT_THAT(
      RowsOf(Family(), {.order = ParseOrder("-memory"), .is_tree = true}),
      ElementsAre("1", "+3", "|`4", "`2"));
}

TEST(ArrangeTest, ATreeKeepsAncestors) {
  Arrangement arrangement = {.is_tree = true};
  arrangement.filter.AddEqual("name", {"leaf"});
  std::vector<ProcessRecord> records = Family();
  const std::vector<const ProcessRecord*> rows = Arrange(records, arrangement);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_FALSE(rows[0]->is_match);
  EXPECT_TRUE(rows[2]->is_match);
  EXPECT_THAT(RowsOf(Family(), arrangement), ElementsAre("1", "`3", " `4"));
}

TEST(ArrangeTest, ParentsInACircleAreShownOnce) {
  EXPECT_THAT(RowsOf({Record(5, 6, "x", 1), Record(6, 5, "y", 1),
                      Record(7, 7, "own", 1), Record(8, 6, "z", 1)},
                     {.is_tree = true}),
              testing::UnorderedElementsAre("5", "`6", " `8", "7"));
}

TEST(ArrangeTest, DeepTreesKeepTheInnermostLines) {
  std::vector<ProcessRecord> records;
  for (int pid = 1; pid <= 5000; ++pid) {
    records.push_back(Record(pid, pid - 1, "x", 1));
  }
  const std::vector<const ProcessRecord*> rows =
      Arrange(records, {.is_tree = true});
  ASSERT_EQ(rows.size(), 5000U);
  EXPECT_EQ(rows.back()->guides, "           `");
  EXPECT_EQ(rows.front()->memory_sum, 5000);
}

}  // namespace
}  // namespace tallyman::tally
