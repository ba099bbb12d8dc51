// Actions on one instance, and signals, with real processes.

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stacks/model/event.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/supervisor/instance_store.h"
#include "stacks/supervisor/supervisor.h"
#include "stacks/supervisor/testing/pid_file.h"
#include "stacks/supervisor/testing/supervised.h"
#include "storage/connection.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<InstanceState> States(const Supervised& app) {
  std::vector<InstanceState> states;
  for (const InstanceStatus& instance : app.Status("worker").instances) {
    states.push_back(instance.state);
  }
  return states;
}

constexpr InstanceState kRuns = InstanceState::kRunning;
constexpr InstanceState kPaused = InstanceState::kPaused;

TEST(SupervisorInstanceTest, ARestartOfOneLeavesTheOthers) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 3);
  const std::vector<int32_t> before = app.Pids("worker");
  const Action action =
      app.WaitFor(app.Run(ActionKind::kProcessRestart, "worker", 2));
  EXPECT_TRUE(action.finished_success) << action.finished_message;
  EXPECT_EQ(action.finished_message, "instance 2 of worker runs");
  const std::vector<int32_t> after = app.Pids("worker");
  ASSERT_THAT(after, SizeIs(3));
  EXPECT_EQ(after[0], before[0]);
  EXPECT_NE(after[1], before[1]);
  EXPECT_EQ(after[2], before[2]);
  EXPECT_FALSE(Exists(before[1]));
}

TEST(SupervisorInstanceTest, ARestartOfOneHappensOnceAcrossServers) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 2);
  const std::vector<int32_t> before = app.Pids("worker");
  app.StopServer();
  const Action action = app.Run(ActionKind::kProcessRestart, "worker", 1);
  app.StartServer();
  EXPECT_TRUE(app.WaitFor(action).finished_success);
  const std::vector<int32_t> after = app.Pids("worker");
  ASSERT_THAT(after, SizeIs(2));
  EXPECT_NE(after[0], before[0]);
  EXPECT_EQ(after[1], before[1]);
  app.StopServer();
  app.StartServer();
  app.ScaleTo("worker", 2);
  EXPECT_EQ(app.Pids("worker"), after);
  EXPECT_THAT(app.Events(EventKind::kRestarted), SizeIs(1));
}

TEST(SupervisorInstanceTest, ARestartOfAllAfterARestartOfOneRestartsEach) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 2);
  app.WaitFor(app.Run(ActionKind::kProcessRestart, "worker", 2));
  EXPECT_TRUE(app.WaitFor(app.Run(ActionKind::kProcessRestart, "worker"))
                  .finished_success);
  EXPECT_THAT(app.Events(EventKind::kRestarted), SizeIs(3));
}

TEST(SupervisorInstanceTest, ARestartOfOneDoesNotWaitForTheBackoff) {
  Supervisor::Options options = Quick();
  options.backoff = {.initial = absl::Hours(1), .max = absl::Hours(1)};
  Supervised app(options);
  const std::string file = absl::StrCat(app.directory(), "/ready");
  app.Define({Command("worker",
                      absl::StrCat("test -e ", file, " && exec sleep 1000"))});
  app.Scale("worker", 2);
  app.WaitUntil("worker", [](const ProcessStatus& status) {
    return status.instances.size() == 2 && status.instances[0].next_start &&
           status.instances[1].next_start;
  });
  std::ofstream(file) << "now";
  const Action action =
      app.WaitFor(app.Run(ActionKind::kProcessRestart, "worker", 2));
  EXPECT_TRUE(action.finished_success) << action.finished_message;
  const ProcessStatus status = app.Status("worker");
  EXPECT_FALSE(status.instances[0].runs());
  EXPECT_TRUE(status.instances[1].runs());
}

TEST(SupervisorInstanceTest, APauseOfOneOutlivesTheServerAndTheProcess) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 3);
  const std::vector<int32_t> pids = app.Pids("worker");
  const Action pause =
      app.WaitFor(app.Run(ActionKind::kProcessPause, "worker", 2));
  EXPECT_TRUE(pause.finished_success) << pause.finished_message;
  EXPECT_EQ(pause.finished_message, "instance 2 of worker is paused");
  EXPECT_THAT(States(app), ElementsAre(kRuns, kPaused, kRuns));
  EXPECT_EQ(KernelState(pids[1]), 'T');
  EXPECT_NE(KernelState(pids[0]), 'T');

  app.StopServer();
  app.StartServer();
  EXPECT_EQ(app.Pids("worker"), pids);
  EXPECT_THAT(States(app), ElementsAre(kRuns, kPaused, kRuns));
  EXPECT_EQ(KernelState(pids[1]), 'T');

  app.WaitFor(app.Run(ActionKind::kProcessRestart, "worker", 2));
  EXPECT_NE(app.Pids("worker")[1], pids[1]);
  EXPECT_THAT(States(app), ElementsAre(kRuns, kPaused, kRuns));
  EXPECT_THAT(app.Events(EventKind::kPaused), SizeIs(1));
}

TEST(SupervisorInstanceTest, PausesOfOneAndOfAllAreTheSameState) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 2);
  app.WaitFor(app.Run(ActionKind::kProcessPause, "worker"));
  EXPECT_THAT(States(app), ElementsAre(kPaused, kPaused));
  const Action one =
      app.WaitFor(app.Run(ActionKind::kProcessResume, "worker", 1));
  EXPECT_TRUE(one.finished_success) << one.finished_message;
  EXPECT_THAT(States(app), ElementsAre(kRuns, kPaused));
  // A scale adds instances that run, and leaves the others as they are.
  app.ScaleTo("worker", 3);
  EXPECT_THAT(States(app), ElementsAre(kRuns, kPaused, kRuns));
  app.WaitFor(app.Run(ActionKind::kProcessPause, "worker", 3));
  app.WaitFor(app.Run(ActionKind::kProcessResume, "worker"));
  EXPECT_THAT(States(app), ElementsAre(kRuns, kRuns, kRuns));
  // The youngest is removed, paused or not; its number starts anew.
  app.WaitFor(app.Run(ActionKind::kProcessPause, "worker", 3));
  app.ScaleTo("worker", 2);
  EXPECT_THAT(States(app), ElementsAre(kRuns, kRuns));
  app.ScaleTo("worker", 3);
  EXPECT_THAT(States(app), ElementsAre(kRuns, kRuns, kRuns));
}

TEST(SupervisorInstanceTest, ActionsOnAMissingInstanceFail) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 1);
  const int32_t pid = app.Pids("worker")[0];
  for (const ActionKind kind :
       {ActionKind::kProcessRestart, ActionKind::kProcessPause,
        ActionKind::kProcessResume, ActionKind::kProcessSignal}) {
    const Action action = app.WaitFor(app.Run(
        kind, "worker", 9, kind == ActionKind::kProcessSignal ? "KILL" : ""));
    EXPECT_FALSE(action.finished_success);
    EXPECT_THAT(action.finished_message,
                HasSubstr("there is no instance 9 of worker"));
  }
  EXPECT_EQ(app.Pids("worker"), std::vector<int32_t>{pid});
}

// A program that sends 1 to the FIFO `on_hup` for each SIGHUP, after it sent
// the pid of a child in its process group, which SIGHUP would end, to `child`.
std::string OnHup(const PidFile& child, const PidFile& on_hup) {
  return absl::StrCat("trap 'echo 1 > ", on_hup.path(),
                      "' HUP; sleep 1000 & echo $! > ", child.path(),
                      "; while kill -0 $!; do wait $!; done");
}

TEST(SupervisorInstanceTest, ASignalReachesTheMainProcessAlone) {
  Supervised app(Quick());
  const PidFile child(app, "child");
  const PidFile on_hup(app, "hup");
  app.Define({Command("worker", OnHup(child, on_hup))});
  app.Scale("worker", 1);
  const int32_t child_pid = child.Read();
  const Action action = app.Run(ActionKind::kProcessSignal, "worker", 1, "HUP");
  EXPECT_EQ(on_hup.Read(), 1);
  const Action ended = app.WaitFor(action);
  EXPECT_TRUE(ended.finished_success) << ended.finished_message;
  EXPECT_EQ(ended.finished_message, "HUP was sent to instance 1 of worker");
  EXPECT_TRUE(Exists(child_pid));
  const std::vector<Event> events = app.Events(EventKind::kSignalled);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].cause, absl::StrCat("HUP, action ", action.id));
  EXPECT_EQ(events[0].instance, 1);
}

TEST(SupervisorInstanceTest, ASignalForAllReachesEach) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000"), Command("web", "sleep 1000")});
  app.ScaleTo("worker", 2);
  app.ScaleTo("web", 1);
  const int32_t web = app.Pids("web")[0];
  const Action action =
      app.WaitFor(app.Run(ActionKind::kProcessSignal, "worker", 0, "QUIT"));
  EXPECT_TRUE(action.finished_success) << action.finished_message;
  EXPECT_EQ(action.finished_message,
            "QUIT was sent to instances 1, 2 of worker");
  // They ended by themselves, and start again.
  app.WaitUntil("worker", [](const ProcessStatus& status) {
    return status.running == 2 && status.instances[0].restarts == 1 &&
           status.instances[1].restarts == 1;
  });
  EXPECT_THAT(app.Events(EventKind::kExited)[0].cause,
              HasSubstr("killed by SIGQUIT"));
  EXPECT_EQ(app.Pids("web"), std::vector<int32_t>{web});
}

TEST(SupervisorInstanceTest, APausedInstanceHandlesASignalOnceItIsResumed) {
  Supervised app(Quick());
  const PidFile child(app, "child");
  const PidFile on_hup(app, "hup");
  app.Define({Command("worker", OnHup(child, on_hup))});
  app.Scale("worker", 1);
  child.Read();
  app.WaitFor(app.Run(ActionKind::kProcessPause, "worker", 1));
  const Action cont =
      app.WaitFor(app.Run(ActionKind::kProcessSignal, "worker", 1, "CONT"));
  EXPECT_FALSE(cont.finished_success);
  EXPECT_EQ(cont.finished_message,
            "instance 1 of worker is paused; resume it instead");
  EXPECT_EQ(KernelState(app.Pids("worker")[0]), 'T');
  const Action hup =
      app.WaitFor(app.Run(ActionKind::kProcessSignal, "worker", 1, "HUP"));
  EXPECT_TRUE(hup.finished_success);
  EXPECT_THAT(hup.finished_message, HasSubstr("when it is resumed"));
  app.Run(ActionKind::kProcessResume, "worker", 1);
  EXPECT_EQ(on_hup.Read(), 1);
}

TEST(SupervisorInstanceTest, AnInstanceThatDoesNotRunIsNotSignalled) {
  Supervisor::Options options = Quick();
  options.backoff = {.initial = absl::Hours(1), .max = absl::Hours(1)};
  Supervised app(options);
  app.Define({Command("worker", "exit 1")});
  app.Scale("worker", 1);
  app.WaitUntil("worker", [](const ProcessStatus& status) {
    return !status.instances.empty() && status.instances[0].next_start;
  });
  const Action action =
      app.WaitFor(app.Run(ActionKind::kProcessSignal, "worker", 0, "HUP"));
  EXPECT_FALSE(action.finished_success);
  EXPECT_EQ(action.finished_message, "instance 1 of worker does not run now");
}

TEST(SupervisorInstanceTest, ASignalWithoutAServerIsSentByTheNextOnce) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 1);
  app.StopServer();
  const Action action =
      app.Run(ActionKind::kProcessSignal, "worker", 1, "KILL");
  app.StartServer();
  EXPECT_TRUE(app.WaitFor(action).finished_success);
  app.WaitUntil("worker", [](const ProcessStatus& status) {
    return status.running == 1 && status.instances[0].restarts == 1;
  });
  const std::vector<int32_t> pids = app.Pids("worker");
  app.StopServer();
  app.StartServer();
  app.ScaleTo("worker", 1);
  EXPECT_EQ(app.Pids("worker"), pids);
  EXPECT_THAT(app.Events(EventKind::kSignalled), SizeIs(1));
}

TEST(SupervisorInstanceTest, ASignalThatMayHaveBeenSentIsNotSentAgain) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 1);
  const std::vector<int32_t> pids = app.Pids("worker");
  app.StopServer();
  const Action action =
      app.Run(ActionKind::kProcessSignal, "worker", 1, "KILL");
  // What a server leaves that was killed before it reported the result.
  ASSERT_TRUE(app.database()
                  .Write([&](storage::Connection& connection) {
                    return InstanceStore::PutLastSignal(connection, action.id);
                  })
                  .ok());
  app.StartServer();
  const Action ended = app.WaitFor(action);
  EXPECT_FALSE(ended.finished_success);
  EXPECT_THAT(ended.finished_message, HasSubstr("is not known"));
  EXPECT_EQ(app.Pids("worker"), pids);
  EXPECT_THAT(app.Events(EventKind::kSignalled), IsEmpty());
  // The next one is sent.
  EXPECT_TRUE(
      app.WaitFor(app.Run(ActionKind::kProcessSignal, "worker", 1, "CONT"))
          .finished_success);
}

}  // namespace
}  // namespace tallyman::stacks

int main(int argc, char** argv) {
  return tallyman::stacks::SupervisedMain(argc, argv);
}
