#include "server/lifecycle/linux/orphan_reaper.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "absl/log/check.h"
#include "gtest/gtest.h"
#include "platform/base/event_loop.h"
#include "platform/base/loop_thread.h"

namespace tallyman::server {
namespace {

// Waits until no process has the pid; a zombie still has its pid.
void WaitUntilReaped(pid_t pid) {
  while (kill(pid, 0) == 0) sched_yield();
  EXPECT_EQ(errno, ESRCH);
}

TEST(OrphanReaperTest, ReapsChildrenAndOrphans) {
  OrphanReaper::Block();
  // Makes this process the parent of orphans, as process 1 is.
  CHECK_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  base::EventLoop loop;
  const auto reaper = OrphanReaper::Watch(loop);
  CHECK_OK(reaper);
  const base::LoopThread thread(loop);

  int pids[2];
  int hold[2];
  CHECK_EQ(pipe2(pids, O_CLOEXEC), 0);
  CHECK_EQ(pipe2(hold, O_CLOEXEC), 0);
  const pid_t child = fork();
  CHECK_GE(child, 0);
  if (child == 0) {
    const pid_t grandchild = fork();
    if (grandchild == 0) {
      close(hold[1]);
      char byte = 0;
      // Ends when the test closes the other end.
      _exit(read(hold[0], &byte, 1) == 0 ? 0 : 1);
    }
    const bool sent =
        write(pids[1], &grandchild, sizeof(grandchild)) == sizeof(grandchild);
    _exit(sent ? 0 : 1);
  }
  close(hold[0]);
  pid_t grandchild = 0;
  CHECK_EQ(read(pids[0], &grandchild, sizeof(grandchild)),
           static_cast<ssize_t>(sizeof(grandchild)));
  WaitUntilReaped(child);
  EXPECT_EQ(kill(grandchild, 0), 0);
  close(hold[1]);
  WaitUntilReaped(grandchild);
}

}  // namespace
}  // namespace tallyman::server
