#include "auth/auth_failure_limiter.h"

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "auth/fake_clock.h"
#include "gtest/gtest.h"

namespace tallyman::auth {
namespace {

class AuthFailureLimiterTest : public testing::Test {
 protected:
  // Uses up the burst of `address`.
  void Fill(AuthFailureLimiter& throttle, const std::string& address) {
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(throttle.RecordFailure(address), absl::ZeroDuration()) << i;
    }
  }

  FakeClock clock_{absl::FromUnixSeconds(1'600'000'000)};
  AuthFailureLimiter throttle_{clock_, {}};
};

TEST_F(AuthFailureLimiterTest, ABurstIsAnsweredAndThenOneASecond) {
  Fill(throttle_, "192.0.2.1");
  EXPECT_EQ(throttle_.RecordFailure("192.0.2.1"), absl::Seconds(1));
  clock_.Advance(absl::Seconds(1) - absl::Nanoseconds(1));
  EXPECT_EQ(throttle_.RecordFailure("192.0.2.1"), absl::Nanoseconds(1));
  clock_.Advance(absl::Nanoseconds(1));
  EXPECT_EQ(throttle_.RecordFailure("192.0.2.1"), absl::ZeroDuration());
  EXPECT_EQ(throttle_.RecordFailure("192.0.2.1"), absl::Seconds(1));
}

TEST_F(AuthFailureLimiterTest, AQuietAddressGetsItsBurstBack) {
  Fill(throttle_, "192.0.2.1");
  clock_.Advance(absl::Seconds(10));
  Fill(throttle_, "192.0.2.1");
  EXPECT_GT(throttle_.RecordFailure("192.0.2.1"), absl::ZeroDuration());
  clock_.Advance(absl::Hours(1));
  Fill(throttle_, "192.0.2.1");
  EXPECT_GT(throttle_.RecordFailure("192.0.2.1"), absl::ZeroDuration());
}

TEST_F(AuthFailureLimiterTest, TheWallClockDoesNotMatter) {
  Fill(throttle_, "192.0.2.1");
  clock_.SetWall(absl::FromUnixSeconds(0));
  EXPECT_EQ(throttle_.RecordFailure("192.0.2.1"), absl::Seconds(1));
  clock_.SetWall(absl::FromUnixSeconds(2'000'000'000));
  EXPECT_EQ(throttle_.RecordFailure("192.0.2.1"), absl::Seconds(1));
}

TEST_F(AuthFailureLimiterTest, AddressesAreThrottledApart) {
  Fill(throttle_, "192.0.2.1");
  EXPECT_EQ(throttle_.RecordFailure("192.0.2.2"), absl::ZeroDuration());
  EXPECT_EQ(throttle_.RecordFailure("::1"), absl::ZeroDuration());
  EXPECT_EQ(throttle_.RecordFailure(""), absl::ZeroDuration());
}

TEST_F(AuthFailureLimiterTest, ASixtyFourCountsAsOne) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(throttle_.RecordFailure(absl::StrCat("2001:db8:0:1::", i)),
              absl::ZeroDuration());
  }
  EXPECT_EQ(throttle_.RecordFailure("2001:0DB8:0:1:ffff::"), absl::Seconds(1));
  EXPECT_EQ(throttle_.RecordFailure("2001:db8:0:2::1"), absl::ZeroDuration());
}

TEST_F(AuthFailureLimiterTest, AMappedAddressIsTheIpv4Address) {
  Fill(throttle_, "::ffff:192.0.2.1");
  EXPECT_EQ(throttle_.RecordFailure("192.0.2.1"), absl::Seconds(1));
  EXPECT_EQ(throttle_.RecordFailure("::ffff:192.0.2.2"), absl::ZeroDuration());
}

TEST_F(AuthFailureLimiterTest, AZoneIsNoPartOfTheAddress) {
  Fill(throttle_, "fe80::1%eth0");
  EXPECT_EQ(throttle_.RecordFailure("fe80::1"), absl::Seconds(1));
}

TEST_F(AuthFailureLimiterTest, TheLeastRecentAddressIsForgotten) {
  AuthFailureLimiter throttle(clock_, {.max_addresses = 2});
  Fill(throttle, "a");
  Fill(throttle, "b");
  EXPECT_GT(throttle.RecordFailure("a"), absl::ZeroDuration());  // a is recent
  EXPECT_EQ(throttle.RecordFailure("c"), absl::ZeroDuration());  // for b
  EXPECT_GT(throttle.RecordFailure("a"), absl::ZeroDuration());
  EXPECT_EQ(throttle.RecordFailure("b"), absl::ZeroDuration());
}

TEST_F(AuthFailureLimiterTest, ManyThreads) {
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i] {
      AuthFailureLimiter& throttle = throttle_;
      for (int j = 0; j < 1000; ++j) {
        throttle.RecordFailure(absl::StrCat(i, ".", j));
        throttle.RecordFailure("shared");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(throttle_.RecordFailure("shared"), absl::ZeroDuration());
}

}  // namespace
}  // namespace tallyman::auth
