#include "auth/clock.h"

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "auth/fake_clock.h"
#include "gtest/gtest.h"

namespace tallyman::auth {
namespace {

TEST(SystemClockTest, NowIsTheWallClock) {
  const absl::Time before = absl::Now();
  const absl::Time now = SystemClock().Now();
  EXPECT_LE(before, now);
  EXPECT_LE(now, absl::Now());
}

TEST(SystemClockTest, ElapsedNeverGoesBack) {
  const absl::Duration first = SystemClock().Elapsed();
  EXPECT_LE(first, SystemClock().Elapsed());
}

TEST(FakeClockTest, AdvanceMovesBothClocksAndSetWallOne) {
  const absl::Time start = absl::FromUnixSeconds(1'600'000'000);
  FakeClock clock(start);
  EXPECT_EQ(clock.Now(), start);
  EXPECT_EQ(clock.Elapsed(), absl::ZeroDuration());
  clock.Advance(absl::Seconds(3));
  EXPECT_EQ(clock.Now(), start + absl::Seconds(3));
  EXPECT_EQ(clock.Elapsed(), absl::Seconds(3));
  clock.SetWall(start - absl::Hours(1));
  EXPECT_EQ(clock.Now(), start - absl::Hours(1));
  EXPECT_EQ(clock.Elapsed(), absl::Seconds(3));
}

}  // namespace
}  // namespace tallyman::auth
