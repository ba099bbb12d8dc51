// What the kernel says is running: read from /proc here, with nothing of the
// server's own code, which is under test.

#ifndef TALLYMAN_TOOLS_CHAOS_KERNEL_VIEW_H_
#define TALLYMAN_TOOLS_CHAOS_KERNEL_VIEW_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tallyman::chaos {

struct KernelProcess {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t session = 0;
  char state = '?';          // proc_pid_stat(5)
  int64_t start_ticks = 0;   // Likewise; with the pid it is an identity.
  std::string command_line;  // With spaces.
  // Of its environment; "" and 0 where there is none.
  std::string stack;
  std::string process;
  int64_t instance = 0;
  std::string launch;
};

// "pid 7 (worker.2, launch ..., state S, parent 3, session 7): sleep 100".
std::string Describe(const KernelProcess& process);

struct KernelView {
  // Those with the stack's uid in their environment. Zombies have none.
  std::vector<KernelProcess> of_stack;
  // Those that are called what a keeper of the data directory is called: the
  // keeper, and its children at the gate.
  std::vector<KernelProcess> keepers;

  // The first process of each launch: leads a session and has no parent of the
  // same launch.
  std::vector<KernelProcess> Leaders() const;
};

// Whose processes to look for.
struct KernelQuery {
  std::string stack_uid;  // "" finds none.
  std::string data_dir;
  std::set<pid_t> excluded;
};
KernelView LookAtKernel(const KernelQuery& query);

// The process that has the pid now; nullopt if there is none.
std::optional<KernelProcess> ReadProcess(pid_t pid);

// Its state; nullopt if there is none.
std::optional<char> StateOfProcess(pid_t pid);

// Signals exactly this process, through a pidfd. False if it is gone.
bool SignalProcess(const KernelProcess& process, int signal);

}  // namespace tallyman::chaos

#endif  // TALLYMAN_TOOLS_CHAOS_KERNEL_VIEW_H_
