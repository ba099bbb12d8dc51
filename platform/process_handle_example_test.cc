// Examples of process_handle.h.

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "platform/process_handle.h"

namespace tallyman::platform {
namespace {

// Ends the process that had the pid when `identity` was taken, perhaps by an
// earlier run of this program, and waits for its end. OK if it has ended.
absl::Status End(const ProcessIdentity& identity) {
  const absl::StatusOr<ProcessHandle> process = ProcessHandle::Open(identity);
  if (absl::IsNotFound(process.status())) return absl::OkStatus();
  if (!process.ok()) return process.status();
  if (absl::Status sent = process->Signal(SIGTERM); !sent.ok()) return sent;
  pollfd fd = {};
  fd.fd = process->fd();
  fd.events = POLLIN;
  poll(&fd, 1, /*timeout=*/-1);
  return absl::OkStatus();
}

TEST(ProcessHandleExample, EndsOneParticularProcess) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    signal(SIGTERM, SIG_DFL);
    while (true) pause();
  }
  // To store, together with what else is known of the process.
  const absl::StatusOr<ProcessIdentity> identity = IdentifyProcess(child);
  ASSERT_TRUE(identity.ok()) << identity.status();

  EXPECT_EQ(End(*identity), absl::OkStatus());
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  // Nothing is signalled if another process has got the pid.
  EXPECT_EQ(End(*identity), absl::OkStatus());
}

}  // namespace
}  // namespace tallyman::platform
