#include "auth/sqlite_count_store.h"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "auth/count_store.h"
#include "auth/fake_clock.h"
#include "auth/rate_limiter.h"
#include "auth/token.h"
#include "gtest/gtest.h"
#include "storage/testing/test_database.h"

namespace tallyman::auth {
namespace {

constexpr int64_t kHour = 444444;
constexpr int64_t kDay = kHour / 24;

class SqliteCountStoreTest : public testing::Test {
 protected:
  void SetUp() override { Reopen(); }

  void Reopen() {
    store_.reset();
    db_.Reopen();
    auto store = SqliteCountStore::Open(*db_);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  storage::TestDatabase db_;
  std::unique_ptr<SqliteCountStore> store_;
};

TEST_F(SqliteCountStoreTest, StartsEmpty) {
  EXPECT_TRUE(store_->LoadCounts()->empty());
  EXPECT_TRUE(store_->SaveCounts({}).ok());
}

TEST_F(SqliteCountStoreTest, KeepsTheLatestCountsOfEachToken) {
  ASSERT_TRUE(store_
                  ->SaveCounts({{.token_id = 1, .hour = kHour, .hour_count = 5},
                                {.token_id = 2, .hour = kHour}})
                  .ok());
  ASSERT_TRUE(store_
                  ->SaveCounts({{.token_id = 1,
                                 .hour = kHour + 1,
                                 .hour_count = 6,
                                 .day = kDay,
                                 .day_count = 11}})
                  .ok());
  Reopen();
  absl::StatusOr<std::vector<TokenCounts>> counts = store_->LoadCounts();
  ASSERT_TRUE(counts.ok()) << counts.status();
  ASSERT_EQ(counts->size(), 2u);
  const TokenCounts& first = counts->front();
  EXPECT_EQ(first.token_id, 1);
  EXPECT_EQ(first.hour, kHour + 1);
  EXPECT_EQ(first.hour_count, 6);
  EXPECT_EQ(first.day, kDay);
  EXPECT_EQ(first.day_count, 11);
}

TEST_F(SqliteCountStoreTest, DropsCountsOlderThanAWeek) {
  ASSERT_TRUE(
      store_->SaveCounts({{.token_id = 1, .hour = kHour, .day = kDay}}).ok());
  ASSERT_TRUE(store_->SaveCounts({{.token_id = 2, .hour = kHour + 168}}).ok());
  EXPECT_EQ(store_->LoadCounts()->size(), 2u);
  ASSERT_TRUE(store_->SaveCounts({{.token_id = 2, .hour = kHour + 192}}).ok());
  EXPECT_EQ(store_->LoadCounts()->size(), 1u);
}

TEST_F(SqliteCountStoreTest, ALimiterContinuesAfterARestart) {
  FakeClock clock(absl::FromUnixSeconds(1'600'000'000));
  const Token token = {.id = 3, .hourly_limit = 10, .daily_limit = 100};
  for (int64_t remaining = 9; remaining >= 0; --remaining) {
    Reopen();
    auto limiter = RateLimiter::Create(*store_, clock, {});
    ASSERT_TRUE(limiter.ok()) << limiter.status();
    EXPECT_EQ((*limiter)->Admit(token).remaining, remaining);
  }
  auto limiter = RateLimiter::Create(*store_, clock, {});
  ASSERT_TRUE(limiter.ok()) << limiter.status();
  EXPECT_FALSE((*limiter)->Admit(token).allowed);
}

}  // namespace
}  // namespace tallyman::auth
