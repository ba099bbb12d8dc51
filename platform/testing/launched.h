// Programs that a test starts, and ends with it.

#ifndef TALLYMAN_PLATFORM_TESTING_LAUNCHED_H_
#define TALLYMAN_PLATFORM_TESTING_LAUNCHED_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "platform/base/unique_fd.h"
#include "platform/held_child.h"
#include "platform/process_handle.h"

namespace tallyman::platform {

// A held child with its output in a pipe. What it started and what is left of
// it when the object goes is killed: the test's process becomes a child
// subreaper (prctl(2)), so orphans become its children.
class Launched {
 public:
  // Forks it; it waits. Dies (CHECK) if that fails. In `cgroup` if that is one.
  explicit Launched(LaunchSpec spec, int cgroup = -1);
  ~Launched();
  Launched(const Launched&) = delete;
  Launched& operator=(const Launched&) = delete;

  const ProcessIdentity& identity() const { return identity_; }
  pid_t pid() const { return identity_.pid; }
  Gate& gate() { return gate_; }

  // Releases the gate and waits for the outcome.
  Gate::State Run();

  // The next line of the output, without its newline; "" at the end.
  std::string ReadLine();
  // All that is left of the output, until nobody has it open.
  std::string ReadAll();

  // Waits for it; the status of waitpid(2). At most once.
  int Wait();

 private:
  LaunchSpec spec_;
  ProcessIdentity identity_;
  Gate gate_;
  base::UniqueFd output_;
  bool waited_ = false;
};

// A shell command with a usual PATH, and `variables` besides.
LaunchSpec ShellSpec(std::string command,
                     std::vector<std::string> variables = {});

// The test's own program as a daemon, which TestMain() runs: it leaves the
// session, forks, and its child writes a line with its pid and sleeps. The
// first process stays until it is killed if `keep_leader`, else it exits.
LaunchSpec DaemonSpec(bool keep_leader, std::vector<std::string> variables);

// Waits until the process that `fd` is a pidfd of has ended.
void AwaitEnd(int fd);

// Kills and reaps `pid`, a child or an adopted orphan of the test.
void KillAndReap(pid_t pid);

// To be called by the test's main().
int TestMain(int argc, char** argv);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_TESTING_LAUNCHED_H_
