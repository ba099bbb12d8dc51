// The life of instances, with real processes: each transition of
// docs/lifecycle.md that no crash of ours is part of.

#include "stacks/supervisor/supervisor.h"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/process_handle.h"
#include "stacks/model/definition.h"
#include "stacks/model/event.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/supervisor/instance_store.h"
#include "stacks/supervisor/testing/supervised.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;

// Waits for a state that the process is on its way to, having been signalled.
void WaitForState(int32_t pid, char state) {
  while (KernelState(pid) != state) sched_yield();
}

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

TEST(SupervisorTest, ScalingNeverTouchesSurvivors) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 2);
  const std::vector<int32_t> two = app.Pids("worker");
  app.ScaleTo("worker", 5);
  const std::vector<int32_t> five = app.Pids("worker");
  EXPECT_THAT(five, IsSupersetOf(two));
  // The youngest go first.
  app.ScaleTo("worker", 2);
  EXPECT_EQ(app.Pids("worker"), two);
  for (const int32_t pid : five) {
    EXPECT_EQ(Exists(pid), std::find(two.begin(), two.end(), pid) != two.end());
  }
}

TEST(SupervisorTest, ScalingToWhatRunsStartsNothing) {
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

TEST(SupervisorTest, ANewerScaleSupersedesOneThatIsUnderWay) {
  // Nothing counts as running before that.
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

TEST(SupervisorTest, WhatIsKilledRunsAgain) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 2);
  const std::vector<int32_t> before = app.Pids("worker");
  ASSERT_TRUE(HandleOf(before[0]).Signal(SIGKILL).ok());
  app.WaitUntil("worker", [&](const ProcessStatus& status) {
    return status.running == 2 && status.instances[0].restarts == 1;
  });
  const std::vector<int32_t> after = app.Pids("worker");
  EXPECT_NE(after[0], before[0]);
  EXPECT_EQ(after[1], before[1]);
  const std::vector<Event> exits = app.Events(EventKind::kExited);
  ASSERT_THAT(exits, SizeIs(1));
  EXPECT_EQ(exits[0].cause, "killed by SIGKILL");
  EXPECT_EQ(exits[0].pid, before[0]);
  const std::vector<Event> restarts = app.Events(EventKind::kRestarted);
  ASSERT_THAT(restarts, SizeIs(1));
  EXPECT_EQ(restarts[0].pid, after[0]);
  EXPECT_EQ(restarts[0].cause, "killed by SIGKILL");
}

// Waits until the first instance has ended like that.
void AwaitLastExit(Supervised& app, std::string_view process,
                   std::string_view end) {
  app.WaitUntil(process, [end](const ProcessStatus& status) {
    return !status.instances.empty() &&
           status.instances[0].last_exit.starts_with(end);
  });
}

TEST(SupervisorTest, WhatDiesAtOnceIsNotRunning) {
  Supervisor::Options options = Quick();
  options.settle_time = absl::Seconds(20);
  options.action_deadline = absl::Milliseconds(500);
  Supervised app(options);
  app.Define({Command("worker", "echo it is broken; exit 3")});
  app.Scale("worker", 1);
  AwaitLastExit(app, "worker", "exited with code 3");
  // Whatever becomes of the first one in its time.
  const Action action = app.WaitFor(app.Scale("worker", 1));
  EXPECT_FALSE(action.finished_success);
  EXPECT_THAT(action.finished_message, HasSubstr("exited with code 3"));
  EXPECT_THAT(action.finished_message, HasSubstr("it is broken"));
  const ProcessStatus status =
      app.WaitUntil("worker", [](const ProcessStatus& now) {
        return now.instances[0].state == InstanceState::kCrashLooping;
      });
  EXPECT_EQ(status.running, 0);
  EXPECT_EQ(status.instances[0].last_exit, "exited with code 3");
  EXPECT_EQ(status.instances[0].last_output, "it is broken");
  EXPECT_TRUE(status.instances[0].next_start.has_value());
}

TEST(SupervisorTest, EveryKindOfEndIsTold) {
  Supervised app(Quick());
  app.Define({Command("zero", "exit 0"), Command("big", "exit 255"),
              Command("segv", "kill -SEGV $$"), Command("term", "kill $$"),
              Command("eightysix", "exit 86")});
  for (const auto& [name, end] :
       {std::pair("zero", "exited with code 0"),
        std::pair("big", "exited with code 255"),
        std::pair("segv", "killed by SIGSEGV"),
        std::pair("term", "killed by SIGTERM"),
        std::pair("eightysix", "exited with code 86")}) {
    app.Scale(name, 1);
    AwaitLastExit(app, name, end);
  }
}

TEST(SupervisorTest, ACommandThatDoesNotExistIsTold) {
  Supervisor::Options options = Quick();
  options.action_deadline = absl::Milliseconds(300);
  Supervised app(options);
  app.Define({Command("worker", "/no/such/program at all")});
  app.Scale("worker", 1);
  AwaitLastExit(app, "worker", "exited with code 127");
  const Action action = app.WaitFor(app.Scale("worker", 1));
  EXPECT_FALSE(action.finished_success);
  EXPECT_THAT(action.finished_message, HasSubstr("/no/such/program"));
  EXPECT_THAT(action.finished_message, HasSubstr("No such file"));
  EXPECT_THAT(app.Events(EventKind::kStarted), IsEmpty());
  EXPECT_FALSE(app.Events(EventKind::kStartFailed).empty());
}

TEST(SupervisorTest, AUserThatDoesNotExistIsTold) {
  Supervisor::Options options = Quick();
  options.action_deadline = absl::Milliseconds(300);
  Supervised app(options);
  ProcessDefinition worker = Command("worker", "sleep 1000");
  worker.user = "no-such-user";
  app.Define({worker});
  const Action action = app.WaitFor(app.Scale("worker", 1));
  EXPECT_FALSE(action.finished_success);
  EXPECT_THAT(action.finished_message, HasSubstr("no-such-user"));
}

TEST(SupervisorTest, WhatIgnoresTheSignalIsKilled) {
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

// A program that writes the pids of what it starts to a file, for the test.
class PidFile {
 public:
  explicit PidFile(const Supervised& app, std::string_view name = "pids")
      : path_(absl::StrCat(app.directory(), "/", name, ".fifo")) {
    CHECK_EQ(mkfifo(path_.c_str(), 0600), 0);
  }
  const std::string& path() const { return path_; }
  // Waits until somebody has written one.
  int32_t Read() const {
    std::ifstream file(path_);
    // To the end: a writer that still has it open would be met again.
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    int32_t pid = 0;
    CHECK(absl::SimpleAtoi(text, &pid)) << text;
    return pid;
  }

 private:
  std::string path_;
};

TEST(SupervisorTest, StoppingTakesTheWholeGroup) {
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

TEST(SupervisorTest, WhatACrashLeavesBehindGoesBeforeTheRestart) {
  Supervised app(Quick());
  const PidFile pids(app);
  app.Define({Command("parent", absl::StrCat("sleep 1000 & echo $! > ",
                                             pids.path(), "; wait"))});
  app.ScaleTo("parent", 1);
  const int32_t child = pids.Read();
  ASSERT_TRUE(HandleOf(app.Pids("parent")[0]).Signal(SIGKILL).ok());
  // The next one has written its own.
  const int32_t next = pids.Read();
  EXPECT_NE(next, child);
  EXPECT_FALSE(Exists(child));
}

TEST(SupervisorTest, DaemonsAreStoppedAsWell) {
  Supervised app(Quick());
  const PidFile pids(app);
  const PidFile never(app, "never");
  // It executes nothing once it has told its pid: in the middle of that it
  // would have no mark for a moment.
  app.Define({Command("daemon",
                      absl::StrCat("setsid sh -c 'echo $$ > ", pids.path(),
                                   "; read x < ", never.path(), "' & wait"))});
  app.ScaleTo("daemon", 1);
  const int32_t daemon = pids.Read();
  EXPECT_EQ(getsid(daemon), daemon);
  app.ScaleTo("daemon", 0);
  EXPECT_FALSE(Exists(daemon));
}

TEST(SupervisorTest, WhatDaemonisesItselfIsRestartedWithoutItsDaemon) {
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
  // Rotation comes within its interval; stopping the server does not hurt it.
  while (std::filesystem::file_size(app.logs().Path(key)) > 65536) {
    ASSERT_TRUE(app.logs().RotateIfLarge(key).ok());
  }
  EXPECT_THAT(app.logs().Tail(key, 1).value(), ElementsAre("end"));
}

TEST(SupervisorTest, PausedInstancesStayPaused) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 2);
  const std::vector<int32_t> two = app.Pids("worker");
  EXPECT_TRUE(app.WaitFor(app.Run(ActionKind::kProcessPause, "worker"))
                  .finished_success);
  for (const int32_t pid : two) WaitForState(pid, 'T');
  EXPECT_EQ(app.Status("worker").paused, 2);

  // Scaling adds others, which run.
  app.ScaleTo("worker", 3);
  EXPECT_EQ(app.Status("worker").paused, 2);
  for (const int32_t pid : two) EXPECT_EQ(KernelState(pid), 'T');

  // So does the next server.
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

TEST(SupervisorTest, APausedInstanceCanBeStoppedPolitely) {
  Supervised app(Quick());
  const PidFile pids(app);
  app.Define(
      {Command("worker", absl::StrCat("trap 'echo 7 > ", pids.path(),
                                      "; exit' TERM; echo 1 > ", pids.path(),
                                      "; while :; do sleep 1000 & wait; "
                                      "done"))});
  app.ScaleTo("worker", 1);
  ASSERT_EQ(pids.Read(), 1);  // From now on it minds the signal.
  app.WaitFor(app.Run(ActionKind::kProcessPause, "worker"));
  const Action action = app.Scale("worker", 0);
  EXPECT_EQ(pids.Read(), 7);
  EXPECT_TRUE(app.WaitFor(action).finished_success);
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

TEST(SupervisorTest, ANewDefinitionRestartsOnlyWhatChanged) {
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

TEST(SupervisorTest, TheEnvironmentSaysWhichInstanceItIs) {
  Supervised app(Quick());
  const PidFile pids(app);
  app.Define({Command("worker", absl::StrCat("echo $TALLYMAN_INSTANCE > ",
                                             pids.path(), "; sleep 1000"))});
  app.Scale("worker", 1);
  EXPECT_EQ(pids.Read(), 1);
}

TEST(SupervisorTest, ACrowdStartsAtOnce) {
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

}  // namespace
}  // namespace tallyman::stacks

int main(int argc, char** argv) {
  return tallyman::stacks::SupervisedMain(argc, argv);
}
