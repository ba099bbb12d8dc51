#include "auth/sign_in_code.h"

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "auth/fake_clock.h"
#include "auth/secret.h"
#include "gtest/gtest.h"

namespace tallyman::auth {
namespace {

class SignInCodeTest : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<SignInCode>> code =
        SignInCode::Create(/*token_id=*/7, clock_);
    ASSERT_TRUE(code.ok()) << code.status();
    code_ = *std::move(code);
    value_ = code_->TakeValue();
  }

  FakeClock clock_{absl::FromUnixSeconds(1'600'000'000)};
  std::unique_ptr<SignInCode> code_;
  Secret value_;
};

TEST_F(SignInCodeTest, WorksOnce) {
  EXPECT_EQ(value_.size(), 43u);
  EXPECT_TRUE(code_->TakeValue().empty());
  EXPECT_EQ(code_->Redeem(value_), 7);
  EXPECT_EQ(code_->Redeem(value_), std::nullopt);
}

TEST_F(SignInCodeTest, AnotherTextLeavesItAsItIs) {
  std::string wrong(value_.Reveal());
  wrong.back() = wrong.back() == 'A' ? 'E' : 'A';
  EXPECT_EQ(code_->Redeem(Secret(wrong)), std::nullopt);
  EXPECT_EQ(code_->Redeem(Secret()), std::nullopt);
  EXPECT_EQ(code_->Redeem(Secret(wrong + "x")), std::nullopt);
  EXPECT_EQ(code_->Redeem(value_), 7);
}

TEST_F(SignInCodeTest, WorksForTenMinutes) {
  clock_.Advance(absl::Minutes(10) - absl::Nanoseconds(1));
  EXPECT_EQ(code_->Redeem(value_), 7);
}

TEST_F(SignInCodeTest, IsRefusedFromTenMinutesOn) {
  clock_.Advance(absl::Minutes(10));
  EXPECT_EQ(code_->Redeem(value_), std::nullopt);
}

TEST_F(SignInCodeTest, TheWallClockMakesNoDifference) {
  clock_.SetWall(clock_.Now() + absl::Hours(1));
  EXPECT_EQ(code_->Redeem(value_), 7);
}

}  // namespace
}  // namespace tallyman::auth
