#include "tools/soak/growth.h"

#include "gtest/gtest.h"
#include "tools/bench/proc_usage.h"

namespace tallyman::soak {
namespace {

TEST(GrowthWatchTest, AllowsTheBoundAboveTheLargestOfTheWarmUp) {
  GrowthWatch watch({.resident_bytes = 10, .threads = 1, .descriptors = 5});
  watch.AddWarmUp({.resident_bytes = 100, .threads = 4, .descriptors = 50});
  watch.AddWarmUp({.resident_bytes = 90, .threads = 6, .descriptors = 20});
  EXPECT_EQ(
      watch.Check({.resident_bytes = 110, .threads = 7, .descriptors = 55}),
      "");
  EXPECT_EQ(watch.Check({.resident_bytes = 1, .threads = 8, .descriptors = 56}),
            "threads grew from 6 in the warm-up to 8, by more than 1; "
            "descriptors grew from 50 in the warm-up to 56, by more than 5");
}

TEST(DescribeTest, HasAllNumbers) {
  EXPECT_EQ(
      Describe(
          {.resident_bytes = 81'240'000, .threads = 7, .descriptors = 2'345}),
      "81.2 MB, 7 threads, 2345 descriptors");
}

}  // namespace
}  // namespace tallyman::soak
