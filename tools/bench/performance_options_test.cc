#include "tools/bench/performance_options.h"

#include <cstdint>
#include <set>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "tools/bench/performance_run.h"

namespace tallyman::bench {
namespace {

TEST(ParseAreasTest, TakesAnyOrder) {
  const auto areas = ParseAreas({"idle", "listing", "idle"});
  ASSERT_TRUE(areas.ok()) << areas.status();
  EXPECT_EQ(*areas, (std::set<Area>{Area::kListing, Area::kIdle}));
}

TEST(ParseAreasTest, RefusesUnknownNames) {
  const auto areas = ParseAreas({"listing", "disk"});
  EXPECT_EQ(areas.status(),
            absl::InvalidArgumentError(
                "--areas: there is no \"disk\"; there are floor, listing, "
                "http, watch, small, scaling, idle, connections"));
  EXPECT_FALSE(ParseAreas({}).ok());
}

TEST(ParseConnectionPartsTest, TakesAndRefuses) {
  const auto parts = ParseConnectionParts({"new", "crowd"});
  ASSERT_TRUE(parts.ok()) << parts.status();
  EXPECT_EQ(*parts, (std::set<ConnectionPart>{ConnectionPart::kCrowd,
                                              ConnectionPart::kNew}));
  EXPECT_EQ(ParseConnectionParts({"old"}).status(),
            absl::InvalidArgumentError(
                "--connection_parts: there is no \"old\"; there are crowd, "
                "idle, kept, new, follow, events"));
}

TEST(ParseCountsTest, KeepsTheOrder) {
  const auto counts = ParseCounts({"5000", "1"}, 5000, "--processes");
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(*counts, (std::vector<int64_t>{5000, 1}));
}

TEST(ParseCountsTest, RefusesTextAndNumbersOutOfRange) {
  EXPECT_EQ(ParseCounts({"5001"}, 5000, "--processes").status(),
            absl::InvalidArgumentError(
                "--processes: \"5001\" is not a number from 1 to 5000"));
  EXPECT_FALSE(ParseCounts({"0"}, 5000, "--processes").ok());
  EXPECT_FALSE(ParseCounts({"many"}, 5000, "--processes").ok());
  EXPECT_FALSE(ParseCounts({""}, 5000, "--processes").ok());
  EXPECT_FALSE(ParseCounts({}, 5000, "--processes").ok());
}

TEST(ShowCountTest, DividesThousands) {
  EXPECT_EQ(ShowCount(0), "0");
  EXPECT_EQ(ShowCount(100), "100");
  EXPECT_EQ(ShowCount(1000), "1,000");
  EXPECT_EQ(ShowCount(1234567), "1,234,567");
}

}  // namespace
}  // namespace tallyman::bench
