#include "tally/actions/scale_plan.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tally/actions/count_argument.h"
#include "tally/actions/process_view.h"
#include "tally/actions/server_ref.h"

namespace tallyman::tally {
namespace {

using ::testing::ElementsAre;

const std::vector<ServerRef>& Servers() {
  static const auto& servers = *new std::vector<ServerRef>{
      {.uid = "01", .name = "a"}, {.uid = "02", .name = "b c"}};
  return servers;
}

ProcessView Web() {
  ProcessView web;
  web.name = "web";
  web.servers = {{.server = "a", .desired = 2},
                 {.server = "b c", .desired = 1}};
  return web;
}

absl::StatusOr<std::vector<ScaleWish>> Group(const std::string& text,
                                             const std::string& server = "") {
  const absl::StatusOr<std::vector<CountArgument>> counts =
      ParseCountArgument(text);
  if (!counts.ok()) return counts.status();
  return GroupCounts(*counts, Servers(), server);
}

TEST(ScalePlanTest, PlansSeveralServersOfOneProcess) {
  const auto wishes = Group("web=+1@a,0@02");
  ASSERT_TRUE(wishes.ok()) << wishes.status();
  ASSERT_EQ(wishes->size(), 1U);
  EXPECT_TRUE(wishes->front().is_relative());
  const auto plan = MakePlan(wishes->front(), Web(), std::nullopt);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(
      DescribePlan(*plan, true),
      ElementsAre("web on a: 2 -> 3, starts 1", "web on b c: 1 -> 0, stops 1"));
  EXPECT_EQ(ScaleBody(*plan).dump(),
            R"({"process_name":"web","server_count":{"01":3,"02":0}})");
  EXPECT_FALSE(plan->stops_all());
}

TEST(ScalePlanTest, ACountNeedsAServerIfThereAreSeveral) {
  EXPECT_TRUE(absl::IsInvalidArgument(Group("web=4").status()));
  EXPECT_TRUE(Group("web=4", "a").ok());
  EXPECT_TRUE(absl::IsNotFound(Group("web=4@z").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Group("web=4@a,2@01").status()));
}

TEST(ScalePlanTest, RefusesOtherCountsThanCurrentAndNegativeOnes) {
  const auto zero = Group("web=0@a");
  ASSERT_TRUE(zero.ok());
  EXPECT_TRUE(MakePlan(zero->front(), Web(), 2)->stops_all());
  EXPECT_TRUE(
      absl::IsFailedPrecondition(MakePlan(zero->front(), Web(), 1).status()));
  const auto less = Group("web=-3@a");
  ASSERT_TRUE(less.ok());
  EXPECT_TRUE(absl::IsOutOfRange(
      MakePlan(less->front(), Web(), std::nullopt).status()));
}

TEST(ScalePlanTest, TheFormationCanBeGivenBack) {
  EXPECT_EQ(DescribeFormation({Web()}, Servers()), "@a:web=2 @02:web=1");
  EXPECT_EQ(DescribeFormation({Web()}, {Servers().front()}), "web=2");
}

}  // namespace
}  // namespace tallyman::tally
