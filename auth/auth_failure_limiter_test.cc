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
  void Fill(AuthFailureLimiter& limiter, const std::string& address) {
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(limiter.RecordFailure(address), absl::ZeroDuration()) << i;
    }
  }

  FakeClock clock_{absl::FromUnixSeconds(1'600'000'000)};
  AuthFailureLimiter limiter_{clock_, {}};
};

TEST_F(AuthFailureLimiterTest, AfterABurstOneFailureASecond) {
  Fill(limiter_, "192.0.2.1");
  EXPECT_EQ(limiter_.RecordFailure("192.0.2.1"), absl::Seconds(1));
  clock_.Advance(absl::Seconds(1) - absl::Nanoseconds(1));
  EXPECT_EQ(limiter_.RecordFailure("192.0.2.1"), absl::Nanoseconds(1));
  clock_.Advance(absl::Nanoseconds(1));
  EXPECT_EQ(limiter_.RecordFailure("192.0.2.1"), absl::ZeroDuration());
  EXPECT_EQ(limiter_.RecordFailure("192.0.2.1"), absl::Seconds(1));
}

TEST_F(AuthFailureLimiterTest, TheBurstIsAvailableAgainAfterAPause) {
  Fill(limiter_, "192.0.2.1");
  clock_.Advance(absl::Seconds(10));
  Fill(limiter_, "192.0.2.1");
  EXPECT_GT(limiter_.RecordFailure("192.0.2.1"), absl::ZeroDuration());
  clock_.Advance(absl::Hours(1));
  Fill(limiter_, "192.0.2.1");
  EXPECT_GT(limiter_.RecordFailure("192.0.2.1"), absl::ZeroDuration());
}

TEST_F(AuthFailureLimiterTest, TheWallClockHasNoEffect) {
  Fill(limiter_, "192.0.2.1");
  clock_.SetWall(absl::FromUnixSeconds(0));
  EXPECT_EQ(limiter_.RecordFailure("192.0.2.1"), absl::Seconds(1));
  clock_.SetWall(absl::FromUnixSeconds(2'000'000'000));
  EXPECT_EQ(limiter_.RecordFailure("192.0.2.1"), absl::Seconds(1));
}

TEST_F(AuthFailureLimiterTest, EachAddressHasItsOwnBucket) {
  Fill(limiter_, "192.0.2.1");
  EXPECT_EQ(limiter_.RecordFailure("192.0.2.2"), absl::ZeroDuration());
  EXPECT_EQ(limiter_.RecordFailure("::1"), absl::ZeroDuration());
  EXPECT_EQ(limiter_.RecordFailure(""), absl::ZeroDuration());
}

TEST_F(AuthFailureLimiterTest, AnIpv6Slash64CountsAsOneAddress) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(limiter_.RecordFailure(absl::StrCat("2001:db8:0:1::", i)),
              absl::ZeroDuration());
  }
  EXPECT_EQ(limiter_.RecordFailure("2001:0DB8:0:1:ffff::"), absl::Seconds(1));
  EXPECT_EQ(limiter_.RecordFailure("2001:db8:0:2::1"), absl::ZeroDuration());
}

TEST_F(AuthFailureLimiterTest, AMappedAddressIsTheIpv4Address) {
  Fill(limiter_, "::ffff:192.0.2.1");
  EXPECT_EQ(limiter_.RecordFailure("192.0.2.1"), absl::Seconds(1));
  EXPECT_EQ(limiter_.RecordFailure("::ffff:192.0.2.2"), absl::ZeroDuration());
}

TEST_F(AuthFailureLimiterTest, AZoneIsIgnored) {
  Fill(limiter_, "fe80::1%eth0");
  EXPECT_EQ(limiter_.RecordFailure("fe80::1"), absl::Seconds(1));
}

TEST_F(AuthFailureLimiterTest, TheLeastRecentAddressIsEvicted) {
  AuthFailureLimiter limiter(clock_, {.max_addresses = 2});
  Fill(limiter, "a");
  Fill(limiter, "b");
  EXPECT_GT(limiter.RecordFailure("a"),
            absl::ZeroDuration());  // a is recent now
  EXPECT_EQ(limiter.RecordFailure("c"), absl::ZeroDuration());  // evicts b
  EXPECT_GT(limiter.RecordFailure("a"), absl::ZeroDuration());
  EXPECT_EQ(limiter.RecordFailure("b"), absl::ZeroDuration());
}

TEST_F(AuthFailureLimiterTest, ManyThreads) {
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i] {
      AuthFailureLimiter& limiter = limiter_;
      for (int j = 0; j < 1000; ++j) {
        limiter.RecordFailure(absl::StrCat(i, ".", j));
        limiter.RecordFailure("shared");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(limiter_.RecordFailure("shared"), absl::ZeroDuration());
}

}  // namespace
}  // namespace tallyman::auth
