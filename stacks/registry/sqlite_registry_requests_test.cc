// Repeated requests (Idempotency-Key).

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "stacks/model/registry.h"
#include "stacks/registry/testing/sqlite_registry_fixture.h"

namespace tallyman::stacks {
namespace {

using SqliteRegistryRequestsTest = SqliteRegistryFixture;

TEST_F(SqliteRegistryRequestsTest, ARepeatedRequestChangesNothing) {
  const Origin create = WithKey("k1", "create shop");
  auto stack = registry_->CreateStack(Shop(), kServer, create);
  ASSERT_TRUE(stack.ok()) << stack.status();
  const std::string uid = (*stack)->uid;
  const Origin scale = WithKey("k2", "scale web to 2");
  auto action = registry_->Scale(To(uid, "web", 2), scale);
  ASSERT_TRUE(action.ok()) << action.status();
  const Origin pause = WithKey("k3", "pause web");
  const ProcessCommand pause_web = {
      .kind = ActionKind::kProcessPause, .stack_uid = uid, .process = "web"};
  auto paused = registry_->Run(pause_web, pause);
  ASSERT_TRUE(paused.ok()) << paused.status();
  const Origin replace = WithKey("k4", "replace shop");
  ASSERT_TRUE(registry_->ReplaceStack(uid, Shop(), kServer, replace).ok());

  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    const std::string before = Dump(*registry_->Snapshot());
    auto stack2 = registry_->CreateStack(Shop(), kServer, create);
    ASSERT_TRUE(stack2.ok()) << stack2.status();
    EXPECT_EQ((*stack2)->uid, uid);
    auto action2 = registry_->Scale(To(uid, "web", 2), scale);
    ASSERT_TRUE(action2.ok()) << action2.status();
    EXPECT_EQ(Dump(*action2), Dump(*action));
    auto paused2 = registry_->Run(pause_web, pause);
    ASSERT_TRUE(paused2.ok()) << paused2.status();
    EXPECT_EQ(paused2->id, paused->id);
    auto replaced = registry_->ReplaceStack(uid, Shop(), kServer, replace);
    ASSERT_TRUE(replaced.ok()) << replaced.status();
    EXPECT_EQ(Dump(*registry_->Snapshot()), before);
  }

  // The result is the present state of the action.
  Report({.action_id = action->id,
          .process = "web",
          .server_uid = std::string(kServer),
          .success = true});
  auto ended = registry_->Scale(To(uid, "web", 2), scale);
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(ended->id, action->id);
  EXPECT_TRUE(ended->finished_success);

  // Keys of different users are independent.
  Origin other = scale;
  other.user = "ann";
  EXPECT_NE(registry_->Scale(To(uid, "web", 2), other)->id, action->id);
}

TEST_F(SqliteRegistryRequestsTest, AKeyMustNotBeUsedForAnotherRequest) {
  const std::string uid = Create(Shop());
  ASSERT_TRUE(registry_->Scale(To(uid, "web", 2), WithKey("x", "a")).ok());
  const absl::Status status =
      registry_->Scale(To(uid, "web", 3), WithKey("x", "b")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(),
            "Idempotency-Key \"x\" was used for another request");
  EXPECT_EQ(registry_->DeleteStack(uid, WithKey("x", "a")).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Count(uid, "web"), 2);
}

TEST_F(SqliteRegistryRequestsTest, AFailedRequestMayBeRepeatedWithItsKey) {
  const std::string uid = Create(Shop());
  const Origin origin = WithKey("x", "a");
  EXPECT_FALSE(registry_->Scale(To(uid, "nothing", 2), origin).ok());
  EXPECT_TRUE(registry_->Scale(To(uid, "web", 2), origin).ok());
}

TEST_F(SqliteRegistryRequestsTest, AKeyIsFreeAfterExactlyOneDay) {
  const std::string uid = Create(Shop());
  const absl::Time day = kNow + absl::Hours(24);
  auto first = registry_->Scale(To(uid, "web", 2), WithKey("x", "a"));
  ASSERT_TRUE(first.ok()) << first.status();
  auto known = registry_->Scale(To(uid, "web", 2),
                                WithKey("x", "a", day - absl::Nanoseconds(1)));
  ASSERT_TRUE(known.ok()) << known.status();
  EXPECT_EQ(known->id, first->id);
  auto anew = registry_->Scale(To(uid, "web", 3), WithKey("x", "b", day));
  ASSERT_TRUE(anew.ok()) << anew.status();
  EXPECT_EQ(anew->id, first->id + 1);
  // The day of the new request begins with it.
  auto again = registry_->Scale(
      To(uid, "web", 3),
      WithKey("x", "b", day + absl::Hours(24) - absl::Nanoseconds(1)));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->id, anew->id);
}

TEST_F(SqliteRegistryRequestsTest, OldKeysAreRemovedFromTheDatabase) {
  const std::string uid = Create(Shop());
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(
        registry_
            ->Scale(To(uid, "web", 2), WithKey(absl::StrCat("k", i), "a",
                                               kNow + i * absl::Hours(12)))
            .ok());
  }
  EXPECT_EQ(db_.ReadInt64("SELECT COUNT(*) FROM idempotency"), 2);
}

}  // namespace
}  // namespace tallyman::stacks
