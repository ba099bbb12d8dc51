// Examples of rate_limiter.h, count_store.h, sqlite_count_store.h,
// auth_failure_limiter.h, clock.h and fake_clock.h.

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "auth/auth_failure_limiter.h"
#include "auth/fake_clock.h"
#include "auth/rate_limiter.h"
#include "auth/sqlite_count_store.h"
#include "auth/token.h"
#include "gtest/gtest.h"
#include "platform/testing/temp_directory.h"
#include "storage/database.h"

namespace tallyman::auth {
namespace {

TEST(RateLimiterExample, LimitsRequestsOfAnHour) {
  const platform::TempDirectory directory;
  const absl::StatusOr<std::unique_ptr<storage::Database>> db =
      storage::Database::Open(directory.path() + "/counts.db", {});
  ASSERT_TRUE(db.ok()) << db.status();
  const absl::StatusOr<std::unique_ptr<SqliteCountStore>> counts =
      SqliteCountStore::Open(**db);
  ASSERT_TRUE(counts.ok()) << counts.status();
  // A program uses SystemClock(). This one moves only when the test says so.
  FakeClock clock(absl::FromUnixSeconds(1'600'000'000));
  const absl::StatusOr<std::unique_ptr<RateLimiter>> limiter =
      RateLimiter::Create(**counts, clock, {});
  ASSERT_TRUE(limiter.ok()) << limiter.status();

  Token token;
  token.id = 1;
  token.hourly_limit = 2;
  EXPECT_EQ((*limiter)->Admit(token).remaining, 1);
  EXPECT_EQ((*limiter)->Admit(token).remaining, 0);
  const RateDecision refused = (*limiter)->Admit(token);
  EXPECT_FALSE(refused.allowed);  // 429, with the headers of `refused`.
  EXPECT_EQ(refused.reset, clock.Now() + refused.retry_after);

  clock.Advance(refused.retry_after);
  EXPECT_TRUE((*limiter)->Admit(token).allowed);
}

TEST(AuthFailureLimiterExample, AsksAClientThatGuessesToWait) {
  FakeClock clock(absl::FromUnixSeconds(1'600'000'000));
  AuthFailureLimiterOptions options;
  options.burst = 2;
  AuthFailureLimiter limiter(clock, options);
  EXPECT_EQ(limiter.RecordFailure("192.0.2.1"), absl::ZeroDuration());  // 401
  EXPECT_EQ(limiter.RecordFailure("192.0.2.1"), absl::ZeroDuration());
  EXPECT_EQ(limiter.RecordFailure("192.0.2.1"), absl::Seconds(1));  // 429
  EXPECT_EQ(limiter.RecordFailure("192.0.2.2"), absl::ZeroDuration());
}

}  // namespace
}  // namespace tallyman::auth
