#include "tally/actions/patience.h"

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tally/client/api.h"

namespace tallyman::tally {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;

class FakeWaitClock final : public WaitClock {
 public:
  absl::Duration Elapsed() override { return now_; }
  bool Sleep(absl::Duration duration) override {
    if (is_interrupted) return false;
    sleeps.push_back(duration);
    now_ += duration;
    return true;
  }

  std::vector<absl::Duration> sleeps;
  bool is_interrupted = false;

 private:
  absl::Duration now_ = absl::Hours(7);
};

TEST(PatienceTest, TriesAgainUntilTheServerIsBack) {
  FakeWaitClock clock;
  int outages = 0;
  int returns = 0;
  Patience patience(clock,
                    {.on_outage = [&](const absl::Status&) { ++outages; },
                     .on_return = [&] { ++returns; }});
  int attempts = 0;
  EXPECT_TRUE(patience
                  .Try([&] {
                    return ++attempts < 4 ? absl::UnavailableError("no server")
                                          : absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(attempts, 4);
  EXPECT_EQ(outages, 1);
  EXPECT_EQ(returns, 1);
  EXPECT_THAT(clock.sleeps,
              ElementsAre(absl::Milliseconds(100), absl::Milliseconds(200),
                          absl::Milliseconds(400)));
}

TEST(PatienceTest, OtherErrorsEndIt) {
  FakeWaitClock clock;
  Patience patience(clock, {});
  absl::Status missing(absl::StatusCode::kUnavailable, "501");
  missing.SetPayload(kApiErrorPayload,
                     absl::Cord(R"({"error":"not_implemented"})"));
  for (const absl::Status& error :
       {absl::NotFoundError("x"), absl::AbortedError("x"), missing}) {
    EXPECT_EQ(patience.Try([&] { return error; }), error);
  }
  EXPECT_TRUE(clock.sleeps.empty());
}

TEST(PatienceTest, ALongOutageIsAnError) {
  FakeWaitClock clock;
  Patience patience(clock, {.max_outage = absl::Seconds(10)});
  EXPECT_TRUE(absl::IsUnavailable(
      patience.Try([] { return absl::UnavailableError("no server"); })));
  EXPECT_GE(patience.elapsed(), absl::Seconds(10));
  EXPECT_LE(patience.elapsed(), absl::Seconds(12));
}

TEST(PatienceTest, TheTimeoutEndsItAtTheVeryTime) {
  FakeWaitClock clock;
  Patience patience(clock, {.timeout = absl::Seconds(3)});
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      patience.Until([]() -> absl::StatusOr<bool> { return false; })));
  EXPECT_EQ(patience.elapsed(), absl::Seconds(3));
  // A request that was ended because of it.
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      patience.Try([] { return absl::CancelledError("stopped"); })));
}

TEST(PatienceTest, AnInterruptIsCancelled) {
  FakeWaitClock clock;
  Patience patience(clock, {});
  clock.is_interrupted = true;
  EXPECT_TRUE(absl::IsCancelled(
      patience.Until([]() -> absl::StatusOr<bool> { return false; })));
}

TEST(PatienceTest, LooksAfterATenthOfTheTime) {
  FakeWaitClock clock;
  Patience patience(clock, {});
  EXPECT_TRUE(patience
                  .Until([&]() -> absl::StatusOr<bool> {
                    return patience.elapsed() >= absl::Hours(1);
                  })
                  .ok());
  EXPECT_THAT(clock.sleeps, Each(Ge(absl::Milliseconds(50))));
  EXPECT_EQ(clock.sleeps.back(), absl::Seconds(5));
  EXPECT_LE(clock.sleeps.size(), 800U);
}

}  // namespace
}  // namespace tallyman::tally
