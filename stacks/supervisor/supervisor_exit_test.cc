// Programs that end by themselves, or can't start, with real processes.

#include <csignal>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/process_handle.h"
#include "stacks/model/definition.h"
#include "stacks/model/event.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/supervisor/supervisor.h"
#include "stacks/supervisor/testing/supervised.h"

namespace tallyman::stacks {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Waits until the last exit of the first instance begins with `end`.
void AwaitLastExit(Supervised& app, std::string_view process,
                   std::string_view end) {
  app.WaitUntil(process, [end](const ProcessStatus& status) {
    return !status.instances.empty() &&
           status.instances[0].last_exit.starts_with(end);
  });
}

TEST(SupervisorExitTest, AKilledInstanceStartsAgain) {
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

TEST(SupervisorExitTest, AProgramThatEndsAtOnceDoesNotCountAsRunning) {
  Supervisor::Options options = Quick();
  options.settle_time = absl::Seconds(20);
  options.action_deadline = absl::Milliseconds(500);
  Supervised app(options);
  app.Define({Command("worker", "echo it is broken; exit 3")});
  app.Scale("worker", 1);
  AwaitLastExit(app, "worker", "exited with code 3");
  // The first action may have timed out by now; the second must, too.
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
  // Once, however often it fails.
  app.WaitUntil("worker", [&](const ProcessStatus& now) {
    return now.instances[0].restarts > status.instances[0].restarts + 1;
  });
  const std::vector<Event> loops = app.Events(EventKind::kCrashLooping);
  ASSERT_THAT(loops, SizeIs(1));
  EXPECT_EQ(loops[0].process, "worker");
  EXPECT_EQ(loops[0].cause, "failed 3 times in a row");
}

TEST(SupervisorExitTest, TheLastExitNamesCodeOrSignal) {
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

TEST(SupervisorExitTest, AMissingCommandFailsTheActionWithItsReason) {
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

TEST(SupervisorExitTest, AMissingUserFailsTheActionWithItsReason) {
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

}  // namespace
}  // namespace tallyman::stacks

int main(int argc, char** argv) {
  return tallyman::stacks::SupervisedMain(argc, argv);
}
