// The removal of stacks.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stacks/model/definition.h"
#include "stacks/model/registry.h"
#include "stacks/registry/sqlite_registry.h"
#include "stacks/registry/testing/sqlite_registry_fixture.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using SqliteRegistryRemovalTest = ShopFixture;

TEST_F(SqliteRegistryRemovalTest, AStackIsRemovedWhenItsProcessesHaveStopped) {
  const int64_t scale = Scale(To(uid_, "web", 2)).id;
  auto deletion = registry_->DeleteStack(uid_, By("ann"));
  ASSERT_TRUE(deletion.ok()) << deletion.status();
  ASSERT_THAT(deletion->targets, SizeIs(2));
  EXPECT_EQ(deletion->targets[0].process, "");
  EXPECT_EQ(Get(uid_, scale).finished_message,
            absl::StrCat("superseded by action ", deletion->id));
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    const auto snapshot = registry_->Snapshot();
    const Stack* stack = snapshot->FindStack(uid_);
    ASSERT_NE(stack, nullptr);
    EXPECT_TRUE(stack->deleting);
    EXPECT_THAT(stack->Find("web")->servers, IsEmpty());
    EXPECT_EQ(registry_->Scale(To(uid_, "web", 2), By("x")).status().code(),
              absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(
        registry_->ReplaceStack(uid_, Shop(), kServer, By("x")).status().code(),
        absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(registry_->CreateStack(Shop(), kServer, By("x")).status().code(),
              absl::StatusCode::kAlreadyExists);
    // A second request returns the same action.
    EXPECT_EQ(registry_->DeleteStack(uid_, By("x"))->id, deletion->id);
    EXPECT_EQ(registry_->Snapshot(), snapshot);
  }

  Report(Ended(deletion->id, "", true));
  EXPECT_NE(registry_->Snapshot()->FindStack(uid_), nullptr);
  Report(Ended(deletion->id, "", true, "", kOther));
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    EXPECT_THAT(registry_->Snapshot()->stacks, IsEmpty());
    EXPECT_THAT(registry_->Snapshot()->open, IsEmpty());
    EXPECT_TRUE(Get(uid_, deletion->id).finished_success);
    EXPECT_EQ(registry_->ListActions(uid_, {})->info.count, 2);
    EXPECT_EQ(Events(uid_).back(),
              absl::StrCat("stack_deleted ann ", deletion->id,
                           ": \"shop\" in \"production\""));
  }
  EXPECT_EQ(registry_->DeleteStack(uid_, By("x")).status().code(),
            absl::StatusCode::kNotFound);
  // The name is free again, and the new stack is empty.
  const std::string again = Create(Shop());
  EXPECT_EQ(Count(again, "web"), 0);
}

TEST_F(SqliteRegistryRemovalTest, AFailedRemovalCanBeRequestedAgain) {
  const int64_t first = registry_->DeleteStack(uid_, By("x"))->id;
  Report(Ended(first, "", false, "pid 7 can't be stopped"));
  Report(Ended(first, "", true, "", kOther));
  EXPECT_EQ(Get(uid_, first).finished_message, "pid 7 can't be stopped");
  EXPECT_TRUE(registry_->Snapshot()->FindStack(uid_)->deleting);
  const Action second = *registry_->DeleteStack(uid_, By("x"));
  EXPECT_EQ(second.id, first + 1);
  ASSERT_TRUE(registry_
                  ->ReportOutcomes({Ended(second.id, "", true),
                                    Ended(second.id, "", true, "", kOther)},
                                   kNow)
                  .ok());
  EXPECT_THAT(registry_->Snapshot()->stacks, IsEmpty());
}

TEST_F(SqliteRegistryRemovalTest, ARepeatedRequestIsRecognisedAfterTheRemoval) {
  const Origin origin = WithKey("x", "delete");
  const int64_t id = registry_->DeleteStack(uid_, origin)->id;
  ASSERT_TRUE(
      registry_
          ->ReportOutcomes(
              {Ended(id, "", true), Ended(id, "", true, "", kOther)}, kNow)
          .ok());
  auto again = registry_->DeleteStack(uid_, origin);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->id, id);
  EXPECT_TRUE(again->finished_success);
}

TEST_F(SqliteRegistryRemovalTest, WithoutServersAStackIsRemovedAtOnce) {
  db_.Execute("DELETE FROM servers");
  Reopen();
  auto action = registry_->DeleteStack(uid_, By("ann"));
  ASSERT_TRUE(action.ok()) << action.status();
  EXPECT_TRUE(action->finished_success);
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    EXPECT_THAT(registry_->Snapshot()->stacks, IsEmpty());
    EXPECT_THAT(registry_->Snapshot()->open, IsEmpty());
  }
  EXPECT_THAT(Events(uid_),
              ElementsAre(HasSubstr("stack_created"),
                          "action_started ann 1: delete \"shop\"",
                          "action_finished ann 1: succeeded",
                          "stack_deleted ann 1: \"shop\" in \"production\""));
}

TEST_F(SqliteRegistryRemovalTest, ActionsOfStacksRemovedLongAgoAreRemoved) {
  Reopen({.max_removed_stacks = 2});
  std::vector<std::string> uids;
  std::vector<int64_t> ids;
  for (int i = 0; i < 4; ++i) {
    StackDefinition definition = Shop();
    definition.name = absl::StrCat("stack ", i);
    uids.push_back(Create(definition));
    ids.push_back(registry_->DeleteStack(uids[i], By("x"))->id);
    Report(Ended(ids[i], "", true));
    Report(Ended(ids[i], "", true, "", kOther));
  }
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(registry_->GetAction(uids[i], ids[i]).ok(), i >= 2) << i;
    EXPECT_EQ(registry_->ListActions(uids[i], {})->info.count, i >= 2 ? 1 : 0);
  }
}

}  // namespace
}  // namespace tallyman::stacks
