// The processes of a stack and its keepers, read from /proc without the
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
  // Of proc_pid_stat(5). The pid and the start time, in clock ticks since boot,
  // identify a process.
  char state = '?';
  int64_t start_ticks = 0;
  std::string command_line;  // Separated by spaces.
  // Variables TALLYMAN_* of its environment; "" or 0 if missing.
  std::string stack;
  std::string process;
  int64_t instance = 0;
  std::string launch;
};

// "pid 7 (worker.2, launch ..., state S, parent 3, session 7): sleep 100".
std::string Describe(const KernelProcess& process);

struct KernelView {
  // Processes with the stack's uid in their environment. A zombie has no
  // environment.
  std::vector<KernelProcess> stack_processes;
  // Processes with the arguments of a keeper of the data directory: the keeper,
  // and its children that wait to be released.
  std::vector<KernelProcess> keepers;

  // The first process of each launch: it leads a session, and its parent is not
  // of the same launch.
  std::vector<KernelProcess> Leaders() const;
};

struct KernelQuery {
  std::string stack_uid;  // "" matches no process.
  std::string data_dir;
  std::set<pid_t> excluded;
};
KernelView ReadKernelView(const KernelQuery& query);

// The process with the pid; nullopt if there is none, or only a zombie.
std::optional<KernelProcess> ReadProcess(pid_t pid);

// The state of proc_pid_stat(5); nullopt if there is no such process.
std::optional<char> StateOfProcess(pid_t pid);

// Signals this very process, through a pidfd. False if it is gone.
bool SignalProcess(const KernelProcess& process, int signal);

}  // namespace tallyman::chaos

#endif  // TALLYMAN_TOOLS_CHAOS_KERNEL_VIEW_H_
