// Actions on one instance, and signals.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stacks/model/registry.h"
#include "stacks/registry/sqlite_registry.h"
#include "stacks/registry/testing/sqlite_registry_fixture.h"

namespace tallyman::stacks {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SqliteRegistryInstanceTest : public ShopFixture {
 protected:
  ProcessCommand One(ActionKind kind, int64_t instance,
                     std::string_view signal = "") const {
    return {.kind = kind,
            .stack_uid = uid_,
            .process = "web",
            .instance = instance,
            .signal = std::string(signal)};
  }

  Action RunOk(const ProcessCommand& command) {
    auto action = registry_->Run(command, By("deploy"));
    EXPECT_TRUE(action.ok()) << action.status();
    return action.ok() ? *std::move(action) : Action();
  }

  // That the command fails so, and changes nothing.
  void ExpectRefused(const ProcessCommand& command, absl::StatusCode code,
                     std::string_view message) {
    const auto before = registry_->Snapshot();
    const absl::Status status = registry_->Run(command, By("x")).status();
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_EQ(status.message(), message);
    EXPECT_EQ(registry_->Snapshot(), before);
  }
};

TEST_F(SqliteRegistryInstanceTest, ARestartDesiresAGenerationOfThatInstance) {
  Scale(To(uid_, "web", 2));
  const auto desired = Desired(uid_, "web");
  const Action action = RunOk(One(ActionKind::kProcessRestart, 2));
  ASSERT_THAT(action.targets, SizeIs(1));
  EXPECT_EQ(action.targets[0].instance, 2);
  EXPECT_GT(action.targets[0].generation,
            desired->servers.begin()->second.generation);
  EXPECT_EQ(action.targets[0].generation, registry_->Snapshot()->revision);
  // Neither the process nor its revision has changed.
  EXPECT_EQ(Desired(uid_, "web"), desired);
  EXPECT_THAT(Events(uid_).back(), HasSubstr("restart instance 2 of web"));
  const Action all = Run(ActionKind::kProcessRestart, "web");
  EXPECT_GT(all.targets[0].generation, action.targets[0].generation);

  const std::string dump = Dump(*registry_->Snapshot());
  Reopen();
  EXPECT_EQ(Dump(*registry_->Snapshot()), dump);
}

TEST_F(SqliteRegistryInstanceTest, ASignalIsKeptWithItsAction) {
  Scale(To(uid_, "web", 2));
  const Action action = RunOk(One(ActionKind::kProcessSignal, 1, "HUP"));
  EXPECT_EQ(action.signal, "HUP");
  EXPECT_THAT(Events(uid_).back(),
              HasSubstr("signal HUP to instance 1 of web"));
  Reopen();
  const Action kept = Get(uid_, action.id);
  EXPECT_EQ(kept.kind, ActionKind::kProcessSignal);
  EXPECT_EQ(kept.signal, "HUP");
  EXPECT_EQ(kept.targets, action.targets);
  Report(Ended(action.id, "web", true, "sent"));
  EXPECT_EQ(Get(uid_, action.id).finished_message, "sent");
}

TEST_F(SqliteRegistryInstanceTest, APauseOfOneSupersedesResumesOfIt) {
  Scale(To(uid_, "web", 3));
  const Action all = Run(ActionKind::kProcessResume, "web");
  const Action first = RunOk(One(ActionKind::kProcessResume, 1));
  const Action second = RunOk(One(ActionKind::kProcessResume, 2));
  const Action pause = RunOk(One(ActionKind::kProcessPause, 2));
  EXPECT_EQ(Get(uid_, all.id).finished_at, std::nullopt);
  EXPECT_EQ(Get(uid_, first.id).finished_at, std::nullopt);
  EXPECT_EQ(Get(uid_, second.id).finished_message,
            absl::StrCat("superseded by action ", pause.id));
  Run(ActionKind::kProcessPause, "web");
  EXPECT_NE(Get(uid_, all.id).finished_at, std::nullopt);
  EXPECT_NE(Get(uid_, first.id).finished_at, std::nullopt);
}

TEST_F(SqliteRegistryInstanceTest, AnInstanceNeedsItsProcessAndItsServer) {
  ExpectRefused(One(ActionKind::kProcessPause, 1), absl::StatusCode::kNotFound,
                "instance: the process \"web\" has no instance 1, since none "
                "is wanted");
  Scale(To(uid_, "web", 2));
  ProcessCommand command = One(ActionKind::kProcessPause, 1);
  command.server_uid = kOther;
  ExpectRefused(command, absl::StatusCode::kNotFound,
                "instance: the process \"web\" has no instance 1, since none "
                "is wanted on web-2");
  Scale(To(uid_, "web", 2, kOther));
  command.server_uid = "";
  ExpectRefused(command, absl::StatusCode::kInvalidArgument,
                absl::StrCat("server_uid: is missing; the process \"web\" has "
                             "an instance 1 on each of the servers ",
                             kServer, ", ", kOther));
  command.server_uid = kServer;
  EXPECT_THAT(RunOk(command).targets, SizeIs(1));
  command.process = "";
  ExpectRefused(command, absl::StatusCode::kInvalidArgument,
                "process_name: is missing; instance is the number of one of "
                "its instances");
  ExpectRefused(One(ActionKind::kProcessPause, -1),
                absl::StatusCode::kInvalidArgument,
                "instance: -1 is less than 1");
}

TEST_F(SqliteRegistryInstanceTest, AnInstanceKnownToBeMissingIsNotFound) {
  Scale(To(uid_, "web", 2));
  ProcessCommand command = One(ActionKind::kProcessRestart, 2);
  command.present_instances = {{std::string(kServer), {1, 3}}};
  ExpectRefused(command, absl::StatusCode::kNotFound,
                "instance: the process \"web\" has no instance 2 on web-1; it "
                "has 1, 3");
  command.instance = 3;
  const auto first = registry_->Run(command, WithKey("k", "f"));
  ASSERT_TRUE(first.ok()) << first.status();
  // The repeated request gets the same answer, even if the instance is gone.
  command.present_instances = {{std::string(kServer), {}}};
  const auto again = registry_->Run(command, WithKey("k", "f"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->id, first->id);
  ExpectRefused(command, absl::StatusCode::kNotFound,
                "instance: the process \"web\" has no instance 3 on web-1; it "
                "has none");
}

TEST_F(SqliteRegistryInstanceTest, OnlySignalsTakeASignal) {
  Scale(To(uid_, "web", 1));
  for (const std::string_view name : {"", "hup", "STOP"}) {
    ExpectRefused(One(ActionKind::kProcessSignal, 0, name),
                  absl::StatusCode::kInvalidArgument,
                  absl::StrCat("signal: unknown signal \"", name,
                               "\"; signals are ABRT, ALRM, CONT, HUP, INT, "
                               "KILL, QUIT, TERM, TTIN, TTOU, URG, USR1, USR2, "
                               "WINCH"));
  }
  ExpectRefused(One(ActionKind::kProcessPause, 0, "HUP"),
                absl::StatusCode::kInvalidArgument,
                "signal: Process_pause takes none");
}

}  // namespace
}  // namespace tallyman::stacks
