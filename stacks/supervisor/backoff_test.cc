#include "stacks/supervisor/backoff.h"

#include <algorithm>
#include <climits>
#include <limits>
#include <random>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace tallyman::stacks {
namespace {

constexpr BackoffOptions kOptions;

// The documented range of one delay.
struct Range {
  absl::Duration low;
  absl::Duration high;
};

TEST(BackoffDelayTest, DoublesUpToAMinute) {
  std::mt19937_64 random(1);
  const std::vector<Range> expected = {
      {absl::Milliseconds(80), absl::Milliseconds(120)},
      {absl::Milliseconds(160), absl::Milliseconds(240)},
      {absl::Milliseconds(320), absl::Milliseconds(480)},
      {absl::Milliseconds(640), absl::Milliseconds(960)},
      {absl::Milliseconds(1280), absl::Milliseconds(1920)},
      {absl::Milliseconds(2560), absl::Milliseconds(3840)},
      {absl::Milliseconds(5120), absl::Milliseconds(7680)},
      {absl::Milliseconds(10240), absl::Milliseconds(15360)},
      {absl::Milliseconds(20480), absl::Milliseconds(30720)},
      {absl::Milliseconds(40960), absl::Minutes(1)},
      {absl::Seconds(48), absl::Minutes(1)},
      {absl::Seconds(48), absl::Minutes(1)},
  };
  for (int repeat = 0; repeat < 100; ++repeat) {
    int failures = 0;
    for (const Range& range : expected) {
      const absl::Duration delay = BackoffDelay(kOptions, ++failures, random);
      EXPECT_GE(delay, range.low) << failures;
      EXPECT_LE(delay, range.high) << failures;
    }
  }
}

TEST(BackoffDelayTest, SpreadsTheDelay) {
  std::mt19937_64 random(2);
  for (const int failures : {1, 5, 1000}) {
    absl::Duration least = absl::InfiniteDuration();
    absl::Duration most;
    absl::Duration sum;
    for (int i = 0; i < 1000; ++i) {
      const absl::Duration delay = BackoffDelay(kOptions, failures, random);
      least = std::min(least, delay);
      most = std::max(most, delay);
      sum += delay;
    }
    const absl::Duration middle = (least + most) / 2;
    EXPECT_GT(most - least, middle / 6) << failures;
    EXPECT_LT(sum / 1000, middle + middle / 50) << failures;
    EXPECT_GT(sum / 1000, middle - middle / 50) << failures;
  }
}

TEST(BackoffDelayTest, WithoutJitterIsExact) {
  std::mt19937_64 random(3);
  const BackoffOptions options = {.multiplier = 3, .jitter = 0};
  EXPECT_EQ(BackoffDelay(options, 1, random), absl::Milliseconds(100));
  EXPECT_EQ(BackoffDelay(options, 2, random), absl::Milliseconds(300));
  EXPECT_EQ(BackoffDelay(options, 3, random), absl::Milliseconds(900));
  EXPECT_EQ(BackoffDelay(options, 50, random), absl::Minutes(1));
}

TEST(BackoffDelayTest, StaysInRangeForAnyCount) {
  std::mt19937_64 random(4);
  for (const int failures :
       {30, 63, 64, 65, 1023, 1024, 1025, 1000000, INT_MAX - 1, INT_MAX}) {
    const absl::Duration delay = BackoffDelay(kOptions, failures, random);
    EXPECT_GE(delay, absl::Seconds(48)) << failures;
    EXPECT_LE(delay, absl::Minutes(1)) << failures;
  }
  for (const int failures : {0, -1, INT_MIN}) {
    EXPECT_EQ(BackoffDelay(kOptions, failures, random), absl::ZeroDuration());
  }
}

TEST(BackoffDelayTest, StaysInRangeForOddOptions) {
  std::mt19937_64 random(5);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const BackoffOptions odd[] = {
      {.initial = absl::ZeroDuration()},
      {.initial = -absl::Seconds(1)},
      {.initial = absl::InfiniteDuration()},
      {.initial = absl::Hours(1), .max = absl::Seconds(1)},
      {.max = absl::ZeroDuration()},
      {.max = -absl::Seconds(1)},
      {.multiplier = 0},
      {.multiplier = -2},
      {.multiplier = nan},
      {.multiplier = infinity},
      {.jitter = -1},
      {.jitter = 2},
      {.jitter = nan},
  };
  for (const BackoffOptions& options : odd) {
    for (const int failures : {1, 2, 100, INT_MAX}) {
      const absl::Duration delay = BackoffDelay(options, failures, random);
      EXPECT_GE(delay, absl::ZeroDuration());
      EXPECT_LE(delay, std::max(options.max, absl::ZeroDuration()));
    }
  }
  const BackoffOptions no_bound = {.max = absl::InfiniteDuration()};
  EXPECT_GE(BackoffDelay(no_bound, 1, random), absl::Milliseconds(80));
  EXPECT_LE(BackoffDelay(no_bound, 1, random), absl::Milliseconds(120));
  EXPECT_EQ(BackoffDelay(no_bound, INT_MAX, random), absl::InfiniteDuration());
}

TEST(CountFailureTest, StartsAtOneAfterAHealthyRun) {
  EXPECT_EQ(CountFailure(kOptions, 0, absl::ZeroDuration()), 1);
  EXPECT_EQ(CountFailure(kOptions, 4, absl::Seconds(9.9)), 5);
  EXPECT_EQ(CountFailure(kOptions, 4, absl::Seconds(10)), 1);
  EXPECT_EQ(CountFailure(kOptions, 4, absl::Hours(10)), 1);
  EXPECT_EQ(CountFailure(kOptions, -3, absl::ZeroDuration()), 1);
  EXPECT_EQ(CountFailure(kOptions, INT_MAX, absl::ZeroDuration()), INT_MAX);
}

}  // namespace
}  // namespace tallyman::stacks
