// Stopping, and pausing, with real processes.

#include <sched.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/process_handle.h"
#include "stacks/model/definition.h"
#include "stacks/model/event.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/model/stop_sequence.h"
#include "stacks/supervisor/supervisor.h"
#include "stacks/supervisor/testing/pid_file.h"
#include "stacks/supervisor/testing/supervised.h"

namespace tallyman::stacks {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// Waits until a process that was signalled is in `state`.
void WaitForState(int32_t pid, char state) {
  while (KernelState(pid) != state) sched_yield();
}

TEST(SupervisorStopTest, AProgramThatIgnoresTheSignalIsKilled) {
  Supervised app(Quick());
  ProcessDefinition deaf =
      Command("deaf", "trap '' TERM; echo ready; while :; do sleep 1000; done");
  deaf.stop_sequence = StopSequence::Parse("term,0.05,kill").value();
  app.Define({deaf});
  app.ScaleTo("deaf", 1);
  const int32_t pid = app.Pids("deaf")[0];
  app.ScaleTo("deaf", 0);
  EXPECT_FALSE(Exists(pid));
  EXPECT_THAT(app.Events(EventKind::kStopped)[0].cause,
              HasSubstr("killed by SIG"));
}

TEST(SupervisorStopTest, StoppingEndsTheWholeProcessGroup) {
  Supervised app(Quick());
  const PidFile pids(app);
  app.Define({Command("parent", absl::StrCat("sleep 1000 & echo $! > ",
                                             pids.path(), "; wait"))});
  app.ScaleTo("parent", 1);
  const int32_t child = pids.Read();
  EXPECT_TRUE(Exists(child));
  app.ScaleTo("parent", 0);
  EXPECT_FALSE(Exists(child));
}

TEST(SupervisorStopTest, ChildrenOfACrashedProgramEndBeforeTheRestart) {
  Supervised app(Quick());
  const PidFile pids(app);
  app.Define({Command("parent", absl::StrCat("sleep 1000 & echo $! > ",
                                             pids.path(), "; wait"))});
  app.ScaleTo("parent", 1);
  const int32_t child = pids.Read();
  ASSERT_TRUE(HandleOf(app.Pids("parent")[0]).Signal(SIGKILL).ok());
  // The next instance has written its own.
  const int32_t next = pids.Read();
  EXPECT_NE(next, child);
  EXPECT_FALSE(Exists(child));
}

TEST(SupervisorStopTest, StoppingEndsDaemonsToo) {
  Supervised app(Quick());
  const PidFile pids(app);
  const PidFile never(app, "never");
  // It executes no program after it wrote its pid: during an execve(2) its
  // environment, which has the launch id, can't be read for a moment.
  app.Define({Command("daemon",
                      absl::StrCat("setsid sh -c 'echo $$ > ", pids.path(),
                                   "; read x < ", never.path(), "' & wait"))});
  app.ScaleTo("daemon", 1);
  const int32_t daemon = pids.Read();
  EXPECT_EQ(getsid(daemon), daemon);
  app.ScaleTo("daemon", 0);
  EXPECT_FALSE(Exists(daemon));
}

TEST(SupervisorStopTest, TheDaemonOfAnEndedProgramEndsBeforeTheRestart) {
  Supervisor::Options options = Quick();
  options.backoff.initial = absl::Milliseconds(50);
  Supervised app(options);
  const PidFile pids(app);
  const PidFile done(app, "done");
  const PidFile never(app, "never");
  app.Define({Command(
      "daemon", absl::StrCat("setsid sh -c 'echo $$ > ", pids.path(),
                             "; echo > ", done.path(), "; read x < ",
                             never.path(), "' & read x < ", done.path()))});
  app.Scale("daemon", 1);
  const int32_t first = pids.Read();
  const int32_t second = pids.Read();
  EXPECT_NE(first, second);
  EXPECT_FALSE(Exists(first));
}

TEST(SupervisorStopTest, PausedInstancesStayPaused) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 2);
  const std::vector<int32_t> two = app.Pids("worker");
  EXPECT_TRUE(app.WaitFor(app.Run(ActionKind::kProcessPause, "worker"))
                  .finished_success);
  for (const int32_t pid : two) WaitForState(pid, 'T');
  EXPECT_EQ(app.Status("worker").paused, 2);

  // New instances run.
  app.ScaleTo("worker", 3);
  EXPECT_EQ(app.Status("worker").paused, 2);
  for (const int32_t pid : two) EXPECT_EQ(KernelState(pid), 'T');

  // They stay paused under the next server.
  app.StopServer();
  app.StartServer();
  EXPECT_EQ(app.Status("worker").paused, 2);
  for (const int32_t pid : two) EXPECT_EQ(KernelState(pid), 'T');

  EXPECT_TRUE(app.WaitFor(app.Run(ActionKind::kProcessResume, "worker"))
                  .finished_success);
  for (const int32_t pid : two) WaitForState(pid, 'S');
  EXPECT_EQ(app.Status("worker").paused, 0);
  EXPECT_THAT(app.Events(EventKind::kPaused), SizeIs(2));
  EXPECT_THAT(app.Events(EventKind::kResumed), SizeIs(2));
}

TEST(SupervisorStopTest, APausedInstanceHandlesItsStopSignal) {
  Supervised app(Quick());
  const PidFile pids(app);
  app.Define(
      {Command("worker", absl::StrCat("trap 'echo 7 > ", pids.path(),
                                      "; exit' TERM; echo 1 > ", pids.path(),
                                      "; while :; do sleep 1000 & wait; "
                                      "done"))});
  app.ScaleTo("worker", 1);
  ASSERT_EQ(pids.Read(), 1);  // From now on it handles the signal.
  app.WaitFor(app.Run(ActionKind::kProcessPause, "worker"));
  const Action action = app.Scale("worker", 0);
  EXPECT_EQ(pids.Read(), 7);
  EXPECT_TRUE(app.WaitFor(action).finished_success);
}

}  // namespace
}  // namespace tallyman::stacks

int main(int argc, char** argv) {
  return tallyman::stacks::SupervisedMain(argc, argv);
}
