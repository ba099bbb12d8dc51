#include "tools/chaos/subreaper.h"

#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "absl/log/check.h"

namespace tallyman::chaos {

void RunBelowSubreaper() {
  CHECK_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  const pid_t parent = getpid();
  const pid_t driver = fork();
  CHECK_GE(driver, 0);
  if (driver == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The parent may have ended before the call.
    if (getppid() != parent) _exit(1);
    return;
  }
  while (true) {
    int status = 0;
    const pid_t ended = waitpid(-1, &status, 0);
    CHECK(ended > 0 || errno == EINTR);
    if (ended != driver) continue;
    _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
  }
}

}  // namespace tallyman::chaos
