#include "auth/rate_limiter.h"

#include <atomic>
#include <barrier>
#include <cstdint>
#include <map>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "auth/count_store.h"
#include "auth/fake_clock.h"
#include "auth/token.h"
#include "gtest/gtest.h"

namespace tallyman::auth {
namespace {

// 2020-09-13 12:00:00 UTC: the start of an hour, and the middle of a day.
const absl::Time kNoon = absl::FromUnixSeconds(1'599'998'400);
const absl::Time kMidnight = kNoon + absl::Hours(12);

// Keeps counts in memory; fails after FailWith().
class FakeCountStore final : public CountStore {
 public:
  absl::StatusOr<std::vector<TokenCounts>> LoadCounts() override {
    absl::MutexLock lock(&mutex_);
    if (!status_.ok()) return status_;
    std::vector<TokenCounts> counts;
    for (const auto& [id, count] : counts_) counts.push_back(count);
    return counts;
  }
  absl::Status SaveCounts(absl::Span<const TokenCounts> counts) override {
    absl::MutexLock lock(&mutex_);
    ++saves_;
    if (!status_.ok()) return status_;
    for (const TokenCounts& count : counts) counts_[count.token_id] = count;
    return absl::OkStatus();
  }

  void FailWith(absl::Status status) {
    absl::MutexLock lock(&mutex_);
    status_ = std::move(status);
  }
  int saves() {
    absl::MutexLock lock(&mutex_);
    return saves_;
  }
  TokenCounts Get(int64_t token_id) {
    absl::MutexLock lock(&mutex_);
    return counts_[token_id];
  }
  void AwaitSaves(int saves) {
    absl::MutexLock lock(&mutex_);
    const auto reached = [this, saves]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return saves_ >= saves;
    };
    mutex_.Await(absl::Condition(&reached));
  }

 private:
  absl::Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  int saves_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<int64_t, TokenCounts> counts_ ABSL_GUARDED_BY(mutex_);
};

class RateLimiterTest : public testing::Test {
 protected:
  RateLimiterTest() { Restart(); }

  // As a stop and a start of the server.
  void Restart(absl::Duration write_interval = absl::InfiniteDuration()) {
    limiter_.reset();
    absl::StatusOr<std::unique_ptr<RateLimiter>> limiter = RateLimiter::Create(
        store_, clock_,
        {.write_interval = write_interval,
         .on_write_error = [this](const absl::Status&) { ++errors_; }});
    EXPECT_TRUE(limiter.ok()) << limiter.status();
    limiter_ = *std::move(limiter);
  }

  void Use(const Token& token, int times) {
    for (int i = 0; i < times; ++i) {
      EXPECT_TRUE(limiter_->Admit(token).allowed) << "request " << i + 1;
    }
  }

  FakeClock clock_{kNoon};
  FakeCountStore store_;
  std::atomic<int> errors_ = 0;
  std::unique_ptr<RateLimiter> limiter_;
  const Token hourly_ = {.id = 1, .hourly_limit = 3};
  const Token daily_ = {.id = 2, .hourly_limit = 3, .daily_limit = 4};
};

TEST_F(RateLimiterTest, CountsDownToTheLimit) {
  for (int64_t remaining : {2, 1, 0}) {
    const RateDecision decision = limiter_->Admit(hourly_);
    EXPECT_TRUE(decision.allowed);
    EXPECT_EQ(decision.limit, 3);
    EXPECT_EQ(decision.remaining, remaining);
    EXPECT_EQ(decision.reset, kNoon + absl::Hours(1));
    EXPECT_EQ(decision.retry_after, absl::ZeroDuration());
  }
  clock_.Advance(absl::Minutes(10));
  const RateDecision refused = limiter_->Admit(hourly_);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.limit, 3);
  EXPECT_EQ(refused.remaining, 0);
  EXPECT_EQ(refused.reset, kNoon + absl::Hours(1));
  EXPECT_EQ(refused.retry_after, absl::Minutes(50));
}

TEST_F(RateLimiterTest, TokensOfOneOAuthClientShareItsLimit) {
  const Token first = {.id = 7, .hourly_limit = 2, .client_id = 1};
  const Token second = {.id = 8, .hourly_limit = 2, .client_id = 1};
  const Token other = {.id = 9, .hourly_limit = 2, .client_id = 2};
  const Token plain = {.id = 1, .hourly_limit = 2};
  EXPECT_EQ(limiter_->Admit(first).remaining, 1);
  EXPECT_EQ(limiter_->Admit(second).remaining, 0);
  EXPECT_FALSE(limiter_->Admit(first).allowed);
  EXPECT_EQ(limiter_->Admit(other).remaining, 1);
  EXPECT_EQ(limiter_->Admit(plain).remaining, 1);
  Restart();
  EXPECT_FALSE(limiter_->Admit(second).allowed);
  EXPECT_EQ(limiter_->Admit(plain).remaining, 0);
}

TEST_F(RateLimiterTest, EachTokenHasItsOwnCount) {
  Use(hourly_, 3);
  Token other = hourly_;
  other.id = 17;  // In the same shard.
  EXPECT_TRUE(limiter_->Admit(other).allowed);
  EXPECT_FALSE(limiter_->Admit(hourly_).allowed);
}

TEST_F(RateLimiterTest, TheHourEndsExactlyAtItsBoundary) {
  Use(hourly_, 3);
  clock_.SetWall(kNoon + absl::Hours(1) - absl::Nanoseconds(1));
  const RateDecision before = limiter_->Admit(hourly_);
  EXPECT_FALSE(before.allowed);
  EXPECT_EQ(before.retry_after, absl::Nanoseconds(1));
  clock_.SetWall(kNoon + absl::Hours(1));
  const RateDecision after = limiter_->Admit(hourly_);
  EXPECT_TRUE(after.allowed);
  EXPECT_EQ(after.remaining, 2);
  EXPECT_EQ(after.reset, kNoon + absl::Hours(2));
}

TEST_F(RateLimiterTest, RefusedRequestsDoNotCount) {
  Use(hourly_, 3);
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(limiter_->Admit(hourly_).allowed);
  ASSERT_TRUE(limiter_->Flush().ok());
  EXPECT_EQ(store_.Get(1).hour_count, 3);
}

TEST_F(RateLimiterTest, DescribesTheTighterWindow) {
  // 2 of the hour and 3 of the day remain; then 1 and 2.
  EXPECT_EQ(limiter_->Admit(daily_).limit, 3);
  EXPECT_EQ(limiter_->Admit(daily_).remaining, 1);
  clock_.Advance(absl::Hours(1));
  // 2 of the new hour and 1 of the day remain.
  const RateDecision decision = limiter_->Admit(daily_);
  EXPECT_EQ(decision.limit, 4);
  EXPECT_EQ(decision.remaining, 1);
  EXPECT_EQ(decision.reset, kMidnight);
}

TEST_F(RateLimiterTest, DescribesTheLaterEndIfBothAreEquallyTight) {
  const Token token = {.id = 5, .hourly_limit = 2, .daily_limit = 2};
  EXPECT_EQ(limiter_->Admit(token).reset, kMidnight);
  Use(token, 1);
  const RateDecision refused = limiter_->Admit(token);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.reset, kMidnight);
  EXPECT_EQ(refused.retry_after, absl::Hours(12));
}

TEST_F(RateLimiterTest, TheDayEndsExactlyAtMidnightUtc) {
  Use(daily_, 3);
  EXPECT_FALSE(limiter_->Admit(daily_).allowed);  // By the hour.
  clock_.SetWall(kMidnight - absl::Nanoseconds(1));
  Use(daily_, 1);
  EXPECT_FALSE(limiter_->Admit(daily_).allowed);  // By the day.
  clock_.SetWall(kMidnight);
  const RateDecision next = limiter_->Admit(daily_);
  EXPECT_TRUE(next.allowed);
  EXPECT_EQ(next.remaining, 2);
}

TEST_F(RateLimiterTest, ARefusalByTheDayDoesNotCountInTheHour) {
  Use(daily_, 3);
  clock_.Advance(absl::Hours(1));
  Use(daily_, 1);
  EXPECT_FALSE(limiter_->Admit(daily_).allowed);
  ASSERT_TRUE(limiter_->Flush().ok());
  EXPECT_EQ(store_.Get(2).hour_count, 1);
  EXPECT_EQ(store_.Get(2).day_count, 4);
}

TEST_F(RateLimiterTest, AClockThatJumpsBackALittleDoesNotGrantTheLimitTwice) {
  clock_.SetWall(kNoon + absl::Hours(1));
  Use(hourly_, 3);
  clock_.SetWall(kNoon + absl::Hours(1) - absl::Seconds(1));
  const RateDecision refused = limiter_->Admit(hourly_);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.reset, kNoon + absl::Hours(2));
  EXPECT_EQ(refused.retry_after, absl::Hours(1) + absl::Seconds(1));
  clock_.SetWall(kNoon);  // Exactly one window back.
  EXPECT_FALSE(limiter_->Admit(hourly_).allowed);
}

TEST_F(RateLimiterTest, AfterAClockWasFarAheadTokensAreAdmitted) {
  clock_.SetWall(kNoon + absl::Hours(24 * 3650));
  Use(daily_, 3);
  clock_.SetWall(kNoon);
  const RateDecision decision = limiter_->Admit(daily_);
  EXPECT_TRUE(decision.allowed);
  EXPECT_EQ(decision.remaining, 2);
  EXPECT_EQ(decision.reset, kNoon + absl::Hours(1));
}

TEST_F(RateLimiterTest, TimesOutsideUnixTimeDoNotCrash) {
  for (const absl::Time time : {absl::InfinitePast(), absl::FromUnixSeconds(-1),
                                absl::UnixEpoch(), absl::InfiniteFuture()}) {
    clock_.SetWall(time);
    limiter_->Admit(daily_);
  }
}

TEST_F(RateLimiterTest, CountsSurviveARestart) {
  Use(hourly_, 2);
  Use(daily_, 3);
  Restart();
  EXPECT_EQ(limiter_->Admit(hourly_).remaining, 0);
  EXPECT_FALSE(limiter_->Admit(hourly_).allowed);
  clock_.Advance(absl::Hours(1));
  Use(daily_, 1);
  Restart();
  EXPECT_FALSE(limiter_->Admit(daily_).allowed);
}

TEST_F(RateLimiterTest, CountsOfAPastWindowHaveNoEffectAfterARestart) {
  Use(hourly_, 3);
  clock_.Advance(absl::Hours(1));
  Restart();
  EXPECT_EQ(limiter_->Admit(hourly_).remaining, 2);
}

TEST_F(RateLimiterTest, ClampsCorruptCountsOfTheStore) {
  const int64_t hour = absl::ToUnixSeconds(kNoon) / 3600;
  const TokenCounts counts[] = {
      {.token_id = 1, .hour = hour, .hour_count = INT64_MAX},
      {.token_id = 3, .hour = INT64_MIN, .hour_count = INT64_MIN},
      {.token_id = -7, .hour = INT64_MAX, .day = INT64_MAX}};
  ASSERT_TRUE(store_.SaveCounts(counts).ok());
  Restart();
  EXPECT_FALSE(limiter_->Admit(hourly_).allowed);
  EXPECT_TRUE(limiter_->Admit({.id = 3, .hourly_limit = 1}).allowed);
  EXPECT_TRUE(limiter_->Admit({.id = -7, .hourly_limit = 1}).allowed);
}

TEST_F(RateLimiterTest, WritesChangesBehindInBatches) {
  Use(hourly_, 1);
  store_.AwaitSaves(1);
  Use(hourly_, 2);
  limiter_->Admit(hourly_);
  EXPECT_EQ(store_.saves(), 1);  // The interval is infinite.
  limiter_.reset();
  EXPECT_EQ(store_.saves(), 2);
  EXPECT_EQ(store_.Get(1).hour_count, 3);
}

TEST_F(RateLimiterTest, WritesNothingWithoutAChange) {
  ASSERT_TRUE(limiter_->Flush().ok());
  Restart();
  limiter_.reset();
  EXPECT_EQ(store_.saves(), 0);
}

TEST_F(RateLimiterTest, ReportsAFailedWriteAndRepeatsIt) {
  Restart(absl::ZeroDuration());
  store_.FailWith(absl::UnavailableError("disk full"));
  Use(hourly_, 1);
  store_.AwaitSaves(1);
  EXPECT_EQ(limiter_->Flush().code(), absl::StatusCode::kUnavailable);
  store_.FailWith(absl::OkStatus());
  ASSERT_TRUE(limiter_->Flush().ok());
  EXPECT_EQ(store_.Get(1).hour_count, 1);
  limiter_.reset();
  EXPECT_GE(errors_, 1);
}

TEST_F(RateLimiterTest, FailsIfTheStoreCannotBeRead) {
  store_.FailWith(absl::DataLossError("corrupt"));
  EXPECT_EQ(RateLimiter::Create(store_, clock_, {}).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST_F(RateLimiterTest, DropsOldCountersAndKeepsNewOnes) {
  Use(daily_, 1);
  for (int day = 0; day < 3; ++day) {
    clock_.Advance(absl::Hours(24));
    limiter_->Admit(hourly_);
    ASSERT_TRUE(limiter_->Flush().ok());
  }
  EXPECT_EQ(limiter_->Admit(hourly_).remaining, 1);
  EXPECT_EQ(limiter_->Admit(daily_).remaining, 2);
}

TEST_F(RateLimiterTest, AdmitsExactlyTheLimitToManyThreads) {
  Restart(absl::ZeroDuration());
  const Token by_hour = {.id = 8, .hourly_limit = 1000};
  const Token by_day = {.id = 9, .hourly_limit = 1000, .daily_limit = 600};
  std::atomic<int> hour = 0;
  std::atomic<int> day = 0;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 500; ++j) {
        if (limiter_->Admit(by_hour).allowed) ++hour;
        if (limiter_->Admit(by_day).allowed) ++day;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(hour, 1000);
  EXPECT_EQ(day, 600);
  limiter_.reset();
  EXPECT_EQ(store_.Get(8).hour_count, 1000);
  EXPECT_EQ(store_.Get(9).hour_count, 600);
  EXPECT_EQ(store_.Get(9).day_count, 600);
}

// In each round all threads ask for the one request of a day at the same time:
// some see the day free, count the hour, and then find the day used up.
TEST_F(RateLimiterTest, AThreadThatLosesTheLastRequestOfADayUndoesTheHour) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 500;
  std::atomic<int> allowed = 0;
  std::barrier start(kThreads);
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        const Token token = {
            .id = 100 + round, .hourly_limit = 10, .daily_limit = 1};
        start.arrive_and_wait();
        if (limiter_->Admit(token).allowed) ++allowed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(allowed, kRounds);
  ASSERT_TRUE(limiter_->Flush().ok());
  for (int round = 0; round < kRounds; ++round) {
    EXPECT_EQ(store_.Get(100 + round).hour_count, 1) << round;
    EXPECT_EQ(store_.Get(100 + round).day_count, 1) << round;
  }
}

}  // namespace
}  // namespace tallyman::auth
