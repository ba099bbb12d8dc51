// Scaling, restarts, definitions and output, with real processes.

#include "stacks/supervisor/supervisor.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stacks/model/definition.h"
#include "stacks/model/event.h"
#include "stacks/model/instance_key.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/supervisor/testing/pid_file.h"
#include "stacks/supervisor/testing/supervised.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;

TEST(SupervisorTest, ScalesUpToRealProcesses) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000"), Command("web", "sleep 1001")});
  app.ScaleTo("worker", 4);
  const std::vector<int32_t> pids = app.Pids("worker");
  ASSERT_THAT(pids, SizeIs(4));
  for (const int32_t pid : pids) {
    EXPECT_TRUE(Exists(pid));
    EXPECT_EQ(getsid(pid), pid);
    EXPECT_EQ(getpgid(pid), pid);
  }
  EXPECT_THAT(app.Pids("web"), IsEmpty());
  EXPECT_THAT(app.Events(EventKind::kStarted), SizeIs(4));
}

TEST(SupervisorTest, ScalingDownRemovesTheYoungestAndKeepsTheOthers) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 2);
  const std::vector<int32_t> two = app.Pids("worker");
  app.ScaleTo("worker", 5);
  const std::vector<int32_t> five = app.Pids("worker");
  EXPECT_THAT(five, IsSupersetOf(two));
  app.ScaleTo("worker", 2);
  EXPECT_EQ(app.Pids("worker"), two);
  for (const int32_t pid : five) {
    EXPECT_EQ(Exists(pid), std::find(two.begin(), two.end(), pid) != two.end());
  }
}

TEST(SupervisorTest, ScalingToThePresentCountStartsNothing) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 2);
  const std::vector<int32_t> pids = app.Pids("worker");
  app.ScaleTo("worker", 2);
  EXPECT_EQ(app.Pids("worker"), pids);
  EXPECT_THAT(app.Events(EventKind::kStarted), SizeIs(2));
}

TEST(SupervisorTest, ScalesToZeroAndBack) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 3);
  app.ScaleTo("worker", 0);
  EXPECT_THAT(app.Status("worker").instances, IsEmpty());
  app.ScaleTo("worker", 1);
  EXPECT_THAT(app.Events(EventKind::kStopped), SizeIs(3));
  EXPECT_THAT(app.Events(EventKind::kStarted), SizeIs(4));
}

TEST(SupervisorTest, ANewerScaleSupersedesOneInProgress) {
  // No instance counts as running within that time.
  Supervisor::Options options = Quick();
  options.settle_time = absl::Hours(1);
  Supervised app(options);
  app.Define({Command("worker", "sleep 1000")});
  const Action first = app.Scale("worker", 50);
  const Action second = app.Scale("worker", 0);
  const Action last = app.WaitFor(second);
  EXPECT_TRUE(last.finished_success) << last.finished_message;
  EXPECT_THAT(app.Status("worker").instances, IsEmpty());
  const Action superseded = app.WaitFor(first);
  EXPECT_FALSE(superseded.finished_success);
  EXPECT_THAT(superseded.finished_message,
              HasSubstr(absl::StrCat("superseded by action ", second.id)));
}

TEST(SupervisorTest, ManyInstancesStartAtOnce) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 150);
  std::vector<int32_t> pids = app.Pids("worker");
  std::sort(pids.begin(), pids.end());
  EXPECT_EQ(std::unique(pids.begin(), pids.end()), pids.end());
  EXPECT_THAT(app.Events(EventKind::kStarted), SizeIs(150));
  app.ScaleTo("worker", 0);
  for (const int32_t pid : pids) EXPECT_FALSE(Exists(pid));
}

TEST(SupervisorTest, ARestartReplacesEveryProcess) {
  Supervised app(Quick());
  app.Define({Command("web", "sleep 1000"), Command("worker", "sleep 1001")});
  app.ScaleTo("web", 2);
  app.ScaleTo("worker", 2);
  const std::vector<int32_t> web = app.Pids("web");
  const std::vector<int32_t> worker = app.Pids("worker");
  const Action one =
      app.WaitFor(app.Run(ActionKind::kProcessRestart, "worker"));
  EXPECT_TRUE(one.finished_success) << one.finished_message;
  EXPECT_EQ(app.Pids("web"), web);
  EXPECT_THAT(app.Pids("worker"), SizeIs(2));
  for (const int32_t pid : worker) EXPECT_FALSE(Exists(pid));

  const Action all = app.WaitFor(app.Run(ActionKind::kRestart, ""));
  EXPECT_TRUE(all.finished_success) << all.finished_message;
  for (const int32_t pid : web) EXPECT_FALSE(Exists(pid));
  EXPECT_THAT(app.Events(EventKind::kRestarted), SizeIs(6));
}

TEST(SupervisorTest, ANewDefinitionRestartsOnlyChangedProcesses) {
  Supervised app(Quick());
  app.Define({Command("web", "sleep 1000"), Command("worker", "sleep 1001"),
              Command("old", "sleep 1002")});
  app.ScaleTo("web", 1);
  app.ScaleTo("worker", 1);
  app.ScaleTo("old", 1);
  const int32_t web = app.Pids("web")[0];
  const int32_t worker = app.Pids("worker")[0];
  const int32_t old = app.Pids("old")[0];

  ProcessDefinition same = Command("web", "sleep 1000");
  same.stop_sequence = StopSequence::Parse("int,1,kill").value();
  app.Redefine({same, Command("worker", "sleep 2001")});
  app.WaitUntil("worker", [&](const ProcessStatus& status) {
    return status.running == 1 && status.instances[0].pid != worker;
  });
  app.WaitUntil("old", [](const ProcessStatus& status) {
    return status.instances.empty();
  });
  EXPECT_EQ(app.Pids("web"), std::vector<int32_t>{web});
  EXPECT_TRUE(Exists(web));
  EXPECT_FALSE(Exists(worker));
  EXPECT_FALSE(Exists(old));
}

TEST(SupervisorTest, RemovingAStackStopsItsProcessesFirst) {
  Supervised app(Quick());
  app.Define({Command("web", "sleep 1000")});
  app.ScaleTo("web", 3);
  const std::vector<int32_t> pids = app.Pids("web");
  const Action action = app.WaitFor(app.Delete());
  EXPECT_TRUE(action.finished_success) << action.finished_message;
  for (const int32_t pid : pids) EXPECT_FALSE(Exists(pid));
  EXPECT_EQ(app.registry().Snapshot()->FindStack(app.stack_uid()), nullptr);
}

TEST(SupervisorTest, TheEnvironmentNamesTheInstance) {
  Supervised app(Quick());
  const PidFile pids(app);
  app.Define({Command("worker", absl::StrCat("echo $TALLYMAN_INSTANCE > ",
                                             pids.path(), "; sleep 1000"))});
  app.Scale("worker", 1);
  EXPECT_EQ(pids.Read(), 1);
}

TEST(SupervisorTest, MegabytesOfOutputAreRotated) {
  Supervised app(Quick());
  const PidFile pids(app);
  app.Define({Command("loud", absl::StrCat("head -c 3000000 /dev/zero | "
                                           "tr '\\0' x; echo; echo end; "
                                           "echo 1 > ",
                                           pids.path(), "; sleep 1000"))});
  app.ScaleTo("loud", 1);
  EXPECT_EQ(pids.Read(), 1);
  const InstanceKey key{
      .stack_uid = app.stack_uid(), .process = "loud", .number = 1};
  // Whichever comes first, the watcher or this call, rotates it.
  while (std::filesystem::file_size(app.logs().Path(key)) > 65536) {
    ASSERT_TRUE(app.logs().RotateIfLarge(key).ok());
  }
  EXPECT_THAT(app.logs().Tail(key, 1).value(), ElementsAre("end"));
}

}  // namespace
}  // namespace tallyman::stacks

int main(int argc, char** argv) {
  return tallyman::stacks::SupervisedMain(argc, argv);
}
