// Servers, stacks, snapshots, watchers. Actions, removals and repeated requests
// have test files of their own.

#include "stacks/registry/sqlite_registry.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stacks/model/definition.h"
#include "stacks/model/registry.h"
#include "stacks/model/stop_sequence.h"
#include "stacks/registry/testing/sqlite_registry_fixture.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

using SqliteRegistryTest = SqliteRegistryFixture;

TEST_F(SqliteRegistryTest, PutServerUpdatesAServerAndKeepsItsCreationTime) {
  const int64_t revision = registry_->Snapshot()->revision;
  AddServer(kServer, "web-1");
  EXPECT_EQ(registry_->Snapshot()->revision, revision);

  ASSERT_TRUE(registry_
                  ->PutServer({.uid = std::string(kServer),
                               .name = "web-2",
                               .address = "192.0.2.2",
                               .created_at = kNow + absl::Hours(1),
                               .updated_at = kNow + absl::Hours(1)})
                  .ok());
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    const auto snapshot = registry_->Snapshot();
    ASSERT_THAT(snapshot->servers, SizeIs(1));
    const Server* server = snapshot->FindServer(kServer);
    ASSERT_NE(server, nullptr);
    EXPECT_EQ(server->name, "web-2");
    EXPECT_EQ(server->address, "192.0.2.2");
    EXPECT_EQ(server->created_at, kNow);
    EXPECT_EQ(server->updated_at, kNow + absl::Hours(1));
    EXPECT_EQ(snapshot->FindServer(kOther), nullptr);
  }
}

TEST_F(SqliteRegistryTest, ServerNamesAreUniqueAndSorted) {
  EXPECT_EQ(registry_->PutServer({.uid = std::string(kOther), .name = "web-1"})
                .code(),
            absl::StatusCode::kAlreadyExists);
  AddServer(kOther, "a-server");
  const auto snapshot = registry_->Snapshot();
  ASSERT_THAT(snapshot->servers, SizeIs(2));
  EXPECT_EQ(snapshot->servers[0]->name, "a-server");
  EXPECT_EQ(snapshot->servers[1]->name, "web-1");
}

TEST_F(SqliteRegistryTest, AllFieldsOfADefinitionSurviveReopening) {
  StackDefinition definition = {.name = "Größe \"語\"", .environment = ""};
  ProcessDefinition full = Process("web.1", "exec ./serve \"$PORT\"\n# two");
  full.directory = "/srv/shop";
  full.env = {{"EMPTY", ""}, {"PORT", "80"}, {"TEXT", "a=b\nc"}};
  full.user = "nobody";
  full.stop_sequence = *StopSequence::Parse("int,1.5,term,3,kill");
  full.max_instances = 7;
  full.cpu = 1;
  full.memory = int64_t{1} << 40;
  full.nofile = 1024;
  full.instances = 2;
  definition.processes = {full, Process("a")};
  const std::string uid = Create(definition);
  EXPECT_THAT(uid, MatchesRegex("[0-9a-f]{32}"));
  const std::string before = Dump(*registry_->Snapshot());
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    EXPECT_EQ(Dump(*registry_->Snapshot()), before);
    const auto snapshot = registry_->Snapshot();
    const Stack* stack = snapshot->FindStack(uid);
    ASSERT_NE(stack, nullptr);
    EXPECT_EQ(stack->id, 1);
    EXPECT_EQ(stack->name, definition.name);
    EXPECT_EQ(stack->environment, "");
    EXPECT_EQ(stack->created_at, kNow);
    ASSERT_THAT(stack->processes, SizeIs(2));
    EXPECT_EQ(stack->processes[0]->definition, full);
    EXPECT_EQ(stack->processes[0]->md5, Md5Hex(full.command));
    EXPECT_EQ(stack->processes[0]->launch_hash, full.LaunchHash());
    EXPECT_EQ(stack->processes[1]->definition, Process("a"));
    EXPECT_THAT(stack->processes[1]->servers, IsEmpty());
    EXPECT_EQ(Count(uid, "web.1"), 2);
  }
}

TEST_F(SqliteRegistryTest, InstancesOfANewStackOpenScaleActions) {
  StackDefinition definition = Shop();
  definition.processes[1].instances = 3;
  Origin origin = By("operator");
  origin.started_via = "file";
  auto stack = registry_->CreateStack(definition, kServer, origin);
  ASSERT_TRUE(stack.ok()) << stack.status();
  const auto snapshot = registry_->Snapshot();
  ASSERT_THAT(snapshot->open, SizeIs(1));
  const Action& action = *snapshot->open[0];
  EXPECT_EQ(action.id, 1);
  EXPECT_EQ(action.started_via, "file");
  EXPECT_THAT(action.targets,
              ElementsAre(ActionTarget{.process = "worker",
                                       .server_uid = std::string(kServer),
                                       .count = 3}));
  EXPECT_THAT(
      Events((*stack)->uid),
      ElementsAre("stack_created operator 0: \"shop\" in \"production\"",
                  "action_started operator 1: scale worker to 3 on web-1"));
}

TEST_F(SqliteRegistryTest, AnInvalidStackIsRefusedAndLeavesNoTrace) {
  Create(Shop());
  StackDefinition twice = Shop();
  absl::Status status =
      registry_->CreateStack(twice, kServer, By("x")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(status.message(),
              HasSubstr("there is a stack \"shop\" in \"production\" already"));

  StackDefinition wrong = Shop();
  wrong.environment = "staging";
  wrong.processes[0].command = "";
  EXPECT_EQ(registry_->CreateStack(wrong, kServer, By("x")).status().code(),
            absl::StatusCode::kInvalidArgument);

  StackDefinition elsewhere = Shop();
  elsewhere.environment = "staging";
  EXPECT_TRUE(registry_->CreateStack(elsewhere, kOther, By("x")).ok());
  elsewhere.environment = "test";
  elsewhere.processes[0].instances = 1;
  status = registry_->CreateStack(elsewhere, kOther, By("x")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr(kOther));
  EXPECT_THAT(registry_->Snapshot()->stacks, SizeIs(2));
}

TEST_F(SqliteRegistryTest, ReplacingWithAnEqualDefinitionChangesNothing) {
  const std::string uid = Create(Shop());
  const auto before = registry_->Snapshot();
  auto replaced = registry_->ReplaceStack(uid, Shop(), kServer,
                                          By("x", kNow + absl::Hours(1)));
  ASSERT_TRUE(replaced.ok()) << replaced.status();
  EXPECT_EQ(replaced->get(), before->FindStack(uid));
  EXPECT_EQ(registry_->Snapshot(), before);
  EXPECT_THAT(Events(uid), SizeIs(1));
}

TEST_F(SqliteRegistryTest, ReplacingKeepsTheDesiredCountsOfProcessesThatStay) {
  StackDefinition definition = Shop();
  definition.processes.push_back(Process("clock"));
  const std::string uid = Create(definition);
  Scale(To(uid, "web", 2));
  Scale(To(uid, "worker", 4));
  const int64_t clock = Scale(To(uid, "clock", 1)).id;
  const auto before = registry_->Snapshot();
  const auto web = Desired(uid, "web");
  const auto worker = Desired(uid, "worker");

  definition.name = "store";
  definition.processes = {Process("worker", "sleep 2000"), Process("web"),
                          Process("mailer")};
  definition.processes[2].instances = 1;
  const absl::Time later = kNow + absl::Hours(1);
  auto replaced =
      registry_->ReplaceStack(uid, definition, kServer, By("ann", later));
  ASSERT_TRUE(replaced.ok()) << replaced.status();
  EXPECT_EQ((*replaced)->name, "store");
  EXPECT_EQ((*replaced)->updated_at, later);
  EXPECT_EQ((*replaced)->created_at, kNow);
  ASSERT_THAT((*replaced)->processes, SizeIs(3));
  // At another position, but the same object.
  EXPECT_EQ((*replaced)->processes[1], web);
  const auto changed = Desired(uid, "worker");
  EXPECT_GT(changed->revision, worker->revision);
  EXPECT_NE(changed->launch_hash, worker->launch_hash);
  EXPECT_NE(changed->md5, worker->md5);
  EXPECT_EQ(changed->servers, worker->servers);
  EXPECT_EQ(Count(uid, "mailer"), 1);
  EXPECT_EQ(Desired(uid, "clock"), nullptr);

  // Its process is gone, so no outcome would ever be reported.
  const Action orphan = Get(uid, clock);
  EXPECT_EQ(orphan.finished_at, later);
  EXPECT_FALSE(orphan.finished_success);
  EXPECT_EQ(orphan.finished_message, "the process was removed from the stack");
  const int64_t mailer = registry_->Snapshot()->open.back()->id;
  EXPECT_THAT(
      Events(uid),
      ElementsAre(HasSubstr("stack_created"), HasSubstr("scale web to 2"),
                  HasSubstr("scale worker to 4"), HasSubstr("scale clock to 1"),
                  "stack_replaced ann 0: now \"store\" in \"production\"; "
                  "changed: worker; added: mailer; removed: clock",
                  absl::StrCat("action_finished deploy ", clock,
                               ": the process was removed from the stack"),
                  absl::StrCat("action_started ann ", mailer,
                               ": scale mailer to 1 on web-1")));

  // The older snapshot is unchanged.
  EXPECT_EQ(before->FindStack(uid)->name, "shop");
  EXPECT_THAT(before->FindStack(uid)->processes, SizeIs(3));
  EXPECT_THAT(before->open, SizeIs(3));

  const std::string dump = Dump(*registry_->Snapshot());
  Reopen();
  EXPECT_EQ(Dump(*registry_->Snapshot()), dump);
}

TEST_F(SqliteRegistryTest, FieldsThatNeedNoRestartKeepTheLaunchHash) {
  const std::string uid = Create(Shop());
  const auto before = Desired(uid, "web");
  StackDefinition definition = Shop();
  definition.processes[0].stop_sequence = *StopSequence::Parse("int,1,kill");
  definition.processes[0].max_instances = 5;
  ASSERT_TRUE(registry_->ReplaceStack(uid, definition, kServer, By("x")).ok());
  const auto after = Desired(uid, "web");
  EXPECT_GT(after->revision, before->revision);
  EXPECT_EQ(after->launch_hash, before->launch_hash);
  EXPECT_EQ(after->definition.max_instances, 5);
}

TEST_F(SqliteRegistryTest, AnInvalidReplacementIsRefused) {
  const std::string uid = Create(Shop());
  StackDefinition staging = Shop();
  staging.environment = "staging";
  Create(staging);
  Scale(To(uid, "worker", 4));
  const auto before = registry_->Snapshot();

  EXPECT_EQ(
      registry_->ReplaceStack(uid, staging, kServer, By("x")).status().code(),
      absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(
      registry_->ReplaceStack("no", Shop(), kServer, By("x")).status().code(),
      absl::StatusCode::kNotFound);
  StackDefinition small = Shop();
  small.processes[1].max_instances = 3;
  const absl::Status status =
      registry_->ReplaceStack(uid, small, kServer, By("x")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(),
              HasSubstr("process \"worker\": max_instances (3) is less than "
                        "the 4 that are wanted on web-1"));
  EXPECT_EQ(registry_->Snapshot(), before);
}

TEST_F(SqliteRegistryTest, RevisionsAndIdsAreNeverReused) {
  const std::string uid = Create(Shop());
  const int64_t id = Scale(To(uid, "web", 1)).id;
  const int64_t revision = Desired(uid, "web")->revision;
  ASSERT_TRUE(registry_->DeleteStack(uid, By("x")).ok());
  Report({.action_id = id + 1,
          .server_uid = std::string(kServer),
          .success = true});
  ASSERT_THAT(registry_->Snapshot()->stacks, IsEmpty());
  const int64_t last = registry_->Snapshot()->revision;
  Reopen();
  EXPECT_EQ(registry_->Snapshot()->revision, last);
  const std::string again = Create(Shop());
  EXPECT_NE(again, uid);
  EXPECT_EQ(registry_->Snapshot()->FindStack(again)->id, 2);
  EXPECT_GT(Desired(again, "web")->revision, revision);
  EXPECT_EQ(Scale(To(again, "web", 1)).id, id + 2);
}

TEST_F(SqliteRegistryTest, AFailedWriteChangesNothing) {
  const std::string uid = Create(Shop());
  Scale(To(uid, "web", 1));
  const auto before = registry_->Snapshot();
  // The events, which are written last, fail.
  db_.Execute(
      "CREATE TRIGGER broken BEFORE INSERT ON events "
      "BEGIN SELECT RAISE(ABORT, 'broken'); END");
  int calls = 0;
  auto watch = registry_->Watch([&] { ++calls; });
  EXPECT_FALSE(registry_->Scale(To(uid, "web", 5), WithKey("x", "a")).ok());
  StackDefinition other = Shop();
  other.environment = "staging";
  EXPECT_FALSE(registry_->CreateStack(other, kServer, By("x")).ok());
  EXPECT_FALSE(registry_->DeleteStack(uid, By("x")).ok());
  EXPECT_EQ(registry_->Snapshot(), before);
  EXPECT_EQ(calls, 0);
  watch.reset();
  const std::string dump = Dump(*before);
  Reopen();
  EXPECT_EQ(Dump(*registry_->Snapshot()), dump);

  db_.Execute("DROP TRIGGER broken");
  auto action = registry_->Scale(To(uid, "web", 5), WithKey("x", "a"));
  ASSERT_TRUE(action.ok()) << action.status();
  EXPECT_EQ(action->id, 2);
  EXPECT_EQ(Count(uid, "web"), 5);
}

TEST_F(SqliteRegistryTest, WatchersAreCalledAfterEachChange) {
  std::vector<int64_t> seen;
  auto watch = registry_->Watch(
      [&] { seen.push_back(registry_->Snapshot()->revision); });
  EXPECT_THAT(seen, IsEmpty());
  const int64_t start = registry_->Snapshot()->revision;
  const std::string uid = Create(Shop());
  EXPECT_THAT(seen, ElementsAre(start + 1));
  Scale(To(uid, "web", 1));
  EXPECT_THAT(seen, ElementsAre(start + 1, start + 2));
  EXPECT_FALSE(registry_->Scale(To(uid, "web", -1), By("x")).ok());
  EXPECT_THAT(seen, SizeIs(2));
  watch.reset();
  Scale(To(uid, "web", 2));
  EXPECT_THAT(seen, SizeIs(2));
}

TEST_F(SqliteRegistryTest, AnInvalidRowIsDataLoss) {
  Create(Shop());
  db_.Execute(
      "UPDATE processes SET stop_sequence = 'bogus' WHERE name = 'web'");
  auto registry = SqliteRegistry::Open(*db_, *events_);
  EXPECT_EQ(registry.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(registry.status().message(), HasSubstr("\"web\""));
  db_.Execute("UPDATE processes SET stop_sequence = 'kill', env = X'414243'");
  EXPECT_EQ(SqliteRegistry::Open(*db_, *events_).status().code(),
            absl::StatusCode::kDataLoss);
  db_.Execute("UPDATE processes SET env = X''");
  EXPECT_TRUE(SqliteRegistry::Open(*db_, *events_).ok());
}

}  // namespace
}  // namespace tallyman::stacks
