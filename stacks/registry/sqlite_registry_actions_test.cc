// Actions: scaling, commands, superseding, ends, lists.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
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

using SqliteRegistryActionsTest = ShopFixture;

TEST_F(SqliteRegistryActionsTest, ScalingSetsTheDesiredCountsAndOpensAnAction) {
  const auto before = registry_->Snapshot();
  const int64_t revision = Desired(uid_, "web")->revision;
  const auto worker = Desired(uid_, "worker");
  ScaleCommand command = To(uid_, "web", 4);
  command.counts.emplace_back(kOther, 2);
  auto action = registry_->Scale(command, By("ann"));
  ASSERT_TRUE(action.ok()) << action.status();
  EXPECT_EQ(action->id, 1);
  EXPECT_EQ(action->user, "ann");
  EXPECT_EQ(action->kind, ActionKind::kProcessScale);
  EXPECT_EQ(action->started_via, "api");
  EXPECT_EQ(action->started_at, kNow);
  EXPECT_EQ(action->finished_at, std::nullopt);
  EXPECT_GT(Desired(uid_, "web")->revision, revision);
  // Unchanged parts are shared, and the older snapshot is unchanged.
  EXPECT_EQ(Desired(uid_, "worker"), worker);
  EXPECT_THAT(before->FindStack(uid_)->Find("web")->servers, IsEmpty());
  EXPECT_THAT(before->open, IsEmpty());
  EXPECT_THAT(Events(uid_),
              ElementsAre(HasSubstr("stack_created"),
                          "action_started ann 1: scale web to 4 on web-1, 2 "
                          "on web-2"));

  const std::string dump = Dump(*registry_->Snapshot());
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    EXPECT_EQ(Dump(*registry_->Snapshot()), dump);
    EXPECT_EQ(Count(uid_, "web"), 4);
    EXPECT_EQ(Count(uid_, "web", kOther), 2);
    EXPECT_EQ(Dump(Get(uid_, 1)), Dump(*action));
  }
}

TEST_F(SqliteRegistryActionsTest, AnInvalidScaleRequestChangesNothing) {
  StackDefinition small = Shop();
  small.processes[1].max_instances = 3;
  ASSERT_TRUE(registry_->ReplaceStack(uid_, small, kServer, By("x")).ok());
  const auto before = registry_->Snapshot();
  const auto fails = [&](const ScaleCommand& command) {
    return registry_->Scale(command, By("x")).status();
  };
  EXPECT_EQ(fails(To("abc", "web", 1)),
            absl::NotFoundError("there is no stack \"abc\""));
  EXPECT_EQ(fails(To(uid_, "x", 1)),
            absl::NotFoundError("process_name: the stack \"shop\" has no "
                                "process \"x\"; it has web, worker"));
  EXPECT_EQ(fails(To(uid_, "worker", 1, "UID")),
            absl::NotFoundError("server_count: there is no server \"UID\""));
  EXPECT_EQ(fails(To(uid_, "worker", 4)),
            absl::InvalidArgumentError("server_count: 4 is more than "
                                       "max_instances (3) of \"worker\""));
  EXPECT_EQ(fails(To(uid_, "worker", -1)),
            absl::InvalidArgumentError("server_count: -1 is less than 0"));
  EXPECT_EQ(fails({.stack_uid = uid_, .process = "worker"}).code(),
            absl::StatusCode::kInvalidArgument);
  // One invalid count refuses the valid ones too.
  ScaleCommand mixed = To(uid_, "worker", 1);
  mixed.counts.emplace_back(kOther, 4);
  EXPECT_EQ(fails(mixed).code(), absl::StatusCode::kInvalidArgument);
  mixed.counts[1] = mixed.counts[0];
  EXPECT_EQ(fails(mixed).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(registry_->Snapshot(), before);
}

TEST_F(SqliteRegistryActionsTest, ScalingChecksTheExpectedRevision) {
  ScaleCommand command = To(uid_, "web", 1);
  command.expected_revision = Desired(uid_, "web")->revision;
  EXPECT_TRUE(registry_->Scale(command, By("x")).ok());
  EXPECT_EQ(registry_->Scale(command, By("x")).status().code(),
            absl::StatusCode::kAborted);
  // The other process has not changed.
  command.process = "worker";
  EXPECT_TRUE(registry_->Scale(command, By("x")).ok());
}

TEST_F(SqliteRegistryActionsTest, ScalingToTheSameCountIsANewAction) {
  Scale(To(uid_, "web", 2));
  const auto web = Desired(uid_, "web");
  const Action second = Scale(To(uid_, "web", 2));
  EXPECT_EQ(second.id, 2);
  EXPECT_EQ(second.finished_at, std::nullopt);
  EXPECT_EQ(Desired(uid_, "web"), web);
  EXPECT_EQ(Get(uid_, 1).finished_message, "superseded by action 2");
}

TEST_F(SqliteRegistryActionsTest, ANewerScaleSupersedesTheSameTargetsOnly) {
  ScaleCommand both = To(uid_, "web", 4);
  both.counts.emplace_back(kOther, 4);
  const Action first = Scale(both);
  const Action worker = Scale(To(uid_, "worker", 1));
  const Action restart = Run(ActionKind::kProcessRestart, "web");
  const Action second = Scale(To(uid_, "web", 1));

  Action now = Get(uid_, first.id);
  EXPECT_EQ(now.finished_at, std::nullopt);
  EXPECT_EQ(now.targets[0].success, false);
  EXPECT_EQ(now.targets[0].message,
            absl::StrCat("superseded by action ", second.id));
  EXPECT_EQ(now.targets[1].success, std::nullopt);
  EXPECT_EQ(Get(uid_, worker.id).targets[0].success, std::nullopt);
  EXPECT_EQ(Get(uid_, restart.id).targets[0].success, std::nullopt);
  const std::string dump = Dump(*registry_->Snapshot());
  Reopen();
  EXPECT_EQ(Dump(*registry_->Snapshot()), dump);

  // The last target succeeds, but the action has failed.
  Report(Ended(first.id, "web", true, "4 run", kOther),
         kNow + absl::Seconds(1));
  now = Get(uid_, first.id);
  EXPECT_EQ(now.finished_at, kNow + absl::Seconds(1));
  EXPECT_FALSE(now.finished_success);
  EXPECT_EQ(now.finished_message,
            absl::StrCat("superseded by action ", second.id));
}

TEST_F(SqliteRegistryActionsTest, EndedActionsAreCountedOnce) {
  const auto counts = [&](ActionKind kind) {
    const EndedActions ended = registry_->CountEnded(kind);
    return std::pair(ended.succeeded, ended.failed);
  };
  Scale(To(uid_, "web", 4));
  const int64_t second = Scale(To(uid_, "web", 1)).id;  // Supersedes it.
  EXPECT_EQ(counts(ActionKind::kProcessScale),
            std::pair(int64_t{0}, int64_t{1}));
  Report(Ended(second, "web", true, "1 runs"));
  Report(Ended(second, "web", true, "1 runs"));
  EXPECT_EQ(counts(ActionKind::kProcessScale),
            std::pair(int64_t{1}, int64_t{1}));
  // Without a target it ends at once.
  Run(ActionKind::kProcessRestart, "worker");
  EXPECT_EQ(counts(ActionKind::kProcessRestart),
            std::pair(int64_t{1}, int64_t{0}));
  EXPECT_EQ(counts(ActionKind::kStackDelete),
            std::pair(int64_t{0}, int64_t{0}));
}

TEST_F(SqliteRegistryActionsTest, AnActionEndsWithItsLastTarget) {
  ScaleCommand both = To(uid_, "web", 4);
  both.counts.emplace_back(kOther, 2);
  const int64_t id = Scale(both).id;
  Report(Ended(id, "web", true, "4 run on web-1"));
  EXPECT_EQ(Get(uid_, id).finished_at, std::nullopt);
  EXPECT_THAT(registry_->Snapshot()->open, SizeIs(1));
  // Unknown and ended targets are ignored.
  const auto before = registry_->Snapshot();
  ASSERT_TRUE(registry_
                  ->ReportOutcomes({Ended(id, "web", false, "no"),
                                    Ended(id, "worker", false, "no"),
                                    Ended(id, "web", false, "no", "UID"),
                                    Ended(99, "web", false, "no")},
                                   kNow)
                  .ok());
  EXPECT_EQ(registry_->Snapshot(), before);

  Report(Ended(id, "web", true, "2 run on web-2", kOther),
         kNow + absl::Seconds(2));
  EXPECT_THAT(registry_->Snapshot()->open, IsEmpty());
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    const Action action = Get(uid_, id);
    EXPECT_EQ(action.finished_at, kNow + absl::Seconds(2));
    EXPECT_TRUE(action.finished_success);
    EXPECT_EQ(action.finished_message, "4 run on web-1; 2 run on web-2");
    EXPECT_EQ(Events(uid_).back(), "action_finished deploy 1: succeeded");
  }
}

TEST_F(SqliteRegistryActionsTest, TheMessageOfAFailureNamesOnlyFailures) {
  ScaleCommand both = To(uid_, "web", 4);
  both.counts.emplace_back(kOther, 2);
  const int64_t first = Scale(both).id;
  const int64_t second = Scale(To(uid_, "worker", 1)).id;
  int calls = 0;
  const auto watch = registry_->Watch([&] { ++calls; });
  // Several ends are one change.
  ASSERT_TRUE(
      registry_
          ->ReportOutcomes({Ended(first, "web", true, "4 run"),
                            Ended(second, "worker", false, "exit code 3"),
                            Ended(first, "web", false, "exit code 1", kOther)},
                           kNow)
          .ok());
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(Get(uid_, first).finished_message, "exit code 1");
  EXPECT_EQ(Get(uid_, second).finished_message, "exit code 3");
  const std::vector<std::string> events = Events(uid_);
  EXPECT_THAT(
      std::vector<std::string>(events.end() - 2, events.end()),
      ElementsAre(
          absl::StrCat("action_finished deploy ", second, ": exit code 3"),
          absl::StrCat("action_finished deploy ", first, ": exit code 1")));
}

TEST_F(SqliteRegistryActionsTest, ARestartRaisesTheGenerationOfItsTargets) {
  Scale(To(uid_, "web", 2));
  Scale(To(uid_, "web", 1, kOther));
  Scale(To(uid_, "worker", 1));
  const Action one = Run(ActionKind::kProcessRestart, "web", kOther);
  ASSERT_THAT(one.targets, SizeIs(1));
  EXPECT_EQ(one.targets[0].server_uid, kOther);
  const auto generation = [&](std::string_view process,
                              std::string_view server) {
    return Desired(uid_, process)->servers.find(server)->second.generation;
  };
  EXPECT_GT(one.targets[0].generation, 0);
  EXPECT_EQ(generation("web", kOther), one.targets[0].generation);
  EXPECT_EQ(generation("web", kServer), 0);

  const Action all = Run(ActionKind::kRestart);
  ASSERT_THAT(all.targets, SizeIs(3));
  EXPECT_GT(all.targets[0].generation, one.targets[0].generation);
  for (const ActionTarget& target : all.targets) {
    EXPECT_EQ(generation(target.process, target.server_uid), target.generation);
  }
  // The counts are unchanged, and scaling keeps the generation.
  EXPECT_EQ(Count(uid_, "web"), 2);
  Scale(To(uid_, "web", 0));
  Scale(To(uid_, "web", 3));
  EXPECT_EQ(generation("web", kServer), all.targets[0].generation);
  EXPECT_THAT(Events(uid_)[4], HasSubstr("restart web on web-2"));
  EXPECT_THAT(Events(uid_)[5], HasSubstr("restart all processes"));

  const std::string dump = Dump(*registry_->Snapshot());
  Reopen();
  EXPECT_EQ(Dump(*registry_->Snapshot()), dump);
}

TEST_F(SqliteRegistryActionsTest, ACommandWithoutTargetsEndsAtOnce) {
  const Action action = Run(ActionKind::kProcessPause);
  EXPECT_EQ(action.finished_at, kNow);
  EXPECT_TRUE(action.finished_success);
  EXPECT_THAT(registry_->Snapshot()->open, IsEmpty());
  EXPECT_THAT(Events(uid_),
              ElementsAre(HasSubstr("stack_created"),
                          "action_started deploy 1: pause all processes",
                          "action_finished deploy 1: succeeded"));
}

TEST_F(SqliteRegistryActionsTest, ACommandForAnUnknownObjectFails) {
  const auto fails = [&](const ProcessCommand& command) {
    return registry_->Run(command, By("x")).status().code();
  };
  EXPECT_EQ(fails({.stack_uid = "x"}), absl::StatusCode::kNotFound);
  EXPECT_EQ(fails({.stack_uid = uid_, .process = "x"}),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(fails({.stack_uid = uid_, .server_uid = "x"}),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(fails({.kind = ActionKind::kStackDelete, .stack_uid = uid_}),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(SqliteRegistryActionsTest, PauseAndResumeSupersedeEachOther) {
  Scale(To(uid_, "web", 2));
  Scale(To(uid_, "worker", 2));
  const Action pause = Run(ActionKind::kProcessPause);
  const Action again = Run(ActionKind::kProcessPause, "web");
  const Action resume = Run(ActionKind::kProcessResume, "web");
  EXPECT_EQ(Get(uid_, again.id).finished_message,
            absl::StrCat("superseded by action ", resume.id));
  const Action half = Get(uid_, pause.id);
  EXPECT_EQ(half.finished_at, std::nullopt);
  EXPECT_EQ(half.targets[0].success, false);
  EXPECT_EQ(half.targets[1].success, std::nullopt);
  Run(ActionKind::kProcessPause);
  EXPECT_EQ(Get(uid_, resume.id).finished_at, kNow);
  EXPECT_EQ(Get(uid_, pause.id).finished_at, std::nullopt);
}

TEST_F(SqliteRegistryActionsTest, ActionsAreListedNewestFirst) {
  StackDefinition other = Shop();
  other.name = "other";
  const std::string other_uid = Create(other);
  for (int i = 0; i < 5; ++i) Scale(To(uid_, "web", i));
  Scale(To(other_uid, "web", 1));
  auto page = registry_->ListActions(uid_, {.page = 2, .per_page = 2});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->info.count, 5);
  EXPECT_EQ(page->info.pages, 3);
  ASSERT_THAT(page->actions, SizeIs(2));
  EXPECT_EQ(page->actions[0]->id, 3);
  EXPECT_EQ(page->actions[1]->id, 2);
  EXPECT_EQ(page->actions[1]->targets[0].count, 1);
  EXPECT_THAT(registry_->ListActions(uid_, {.page = 9})->actions, IsEmpty());
  EXPECT_THAT(registry_->ListActions("nothing", {})->actions, IsEmpty());
  EXPECT_EQ(registry_->ListActions(uid_, {.page = 0}).status().code(),
            absl::StatusCode::kInvalidArgument);
  // An action is found by its own stack only.
  EXPECT_EQ(registry_->GetAction(uid_, 6).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(registry_->GetAction(other_uid, 1).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(registry_->GetAction(other_uid, 7).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(SqliteRegistryActionsTest, OnlyTheNewestEndedActionsAreKept) {
  Reopen({.max_actions_per_stack = 5});
  const int64_t open = Scale(To(uid_, "worker", 1)).id;
  for (int i = 0; i < 20; ++i) Scale(To(uid_, "web", i));
  auto page = registry_->ListActions(uid_, {});
  ASSERT_TRUE(page.ok()) << page.status();
  // The newest five, and the old one that is still open.
  EXPECT_EQ(page->info.count, 6);
  ASSERT_THAT(page->actions, SizeIs(6));
  EXPECT_EQ(page->actions[4]->id, open + 16);
  EXPECT_EQ(page->actions[5]->id, open);
  EXPECT_EQ(registry_->GetAction(uid_, open + 1).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(SqliteRegistryActionsTest, ConcurrentRequestsAreAppliedOneByOne) {
  constexpr int kThreads = 4;
  constexpr int kRequests = 25;
  std::atomic<int> calls = 0;
  auto watch = registry_->Watch([&] { ++calls; });
  std::atomic<bool> done = false;
  std::thread reader([&] {
    int64_t last = 0;
    while (!done) {
      const auto snapshot = registry_->Snapshot();
      EXPECT_GE(snapshot->revision, last);
      last = snapshot->revision;
      // Desired counts and open actions are of one moment.
      for (const auto& action : snapshot->open) {
        for (const ActionTarget& target : action->targets) {
          if (target.success.has_value()) continue;
          const DesiredProcess* desired =
              snapshot->FindStack(uid_)->Find(target.process);
          const auto found = desired->servers.find(target.server_uid);
          EXPECT_EQ(found == desired->servers.end() ? 0 : found->second.count,
                    target.count);
        }
      }
    }
  });
  std::vector<std::vector<int64_t>> ids(kThreads);
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kRequests; ++i) {
        const Action action =
            Scale(To(uid_, i % 2 == 0 ? "web" : "worker", thread * 100 + i,
                     i % 3 == 0 ? kServer : kOther));
        ids[thread].push_back(action.id);
        Get(uid_, action.id);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  done = true;
  reader.join();
  watch.reset();

  std::set<int64_t> all;
  for (const auto& of_thread : ids) {
    EXPECT_TRUE(std::is_sorted(of_thread.begin(), of_thread.end()));
    all.insert(of_thread.begin(), of_thread.end());
  }
  EXPECT_THAT(all, SizeIs(kThreads * kRequests));
  EXPECT_EQ(calls, kThreads * kRequests);
  EXPECT_EQ(registry_->ListActions(uid_, {})->info.count, kThreads * kRequests);
  // One for each process and server is open; the others were superseded.
  EXPECT_THAT(registry_->Snapshot()->open, SizeIs(4));
  EXPECT_EQ(events_->List(uid_, {})->info.count,
            1 + 2 * kThreads * kRequests - 4);
  const std::string dump = Dump(*registry_->Snapshot());
  Reopen();
  EXPECT_EQ(Dump(*registry_->Snapshot()), dump);
}

}  // namespace
}  // namespace tallyman::stacks
