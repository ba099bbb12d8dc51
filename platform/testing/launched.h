// Programs that a test starts, and that end with the test.

#ifndef TALLYMAN_PLATFORM_TESTING_LAUNCHED_H_
#define TALLYMAN_PLATFORM_TESTING_LAUNCHED_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "platform/base/unique_fd.h"
#include "platform/held_child.h"
#include "platform/process_handle.h"

namespace tallyman::platform {

// A held child with its output in a pipe. The destructor kills the child and
// its process group. The test's process becomes a child subreaper (prctl(2)),
// so it adopts orphans and can reap them.
class Launched {
 public:
  // Forks the child, which waits to be released, into `cgroup` unless that is
  // -1. Dies (CHECK) on an error.
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
  // The rest of the output. Blocks until all processes have closed it.
  std::string ReadAll();

  // Waits for the child, and returns its status from waitpid(2). At most once.
  int Wait();

 private:
  LaunchSpec spec_;
  ProcessIdentity identity_;
  Gate gate_;
  base::UniqueFd output_;
  bool waited_ = false;
};

// A shell command; its environment is `variables` and a usual PATH.
LaunchSpec ShellSpec(std::string command,
                     std::vector<std::string> variables = {});

// The test's own program as a daemon, which TestMain() runs: a process in a
// session of its own, and an orphan, writes a line with its pid and sleeps. The
// first process sleeps too if `keep_leader`, else it exits.
LaunchSpec DaemonSpec(bool keep_leader, std::vector<std::string> variables);

// Waits until the process of the pidfd `fd` has ended.
void AwaitEnd(int fd);

// Kills and reaps `pid`, a child or an adopted orphan of the test.
void KillAndReap(pid_t pid);

// The body of the test's main().
int TestMain(int argc, char** argv);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_TESTING_LAUNCHED_H_
