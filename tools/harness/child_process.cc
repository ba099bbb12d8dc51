#include "tools/harness/child_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "tools/harness/pidfd.h"

namespace tallyman::harness {
namespace {

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

// All that the child needs between fork(2) and execve(2), where only
// async-signal-safe calls are allowed (signal-safety(7)).
struct ExecPlan {
  const char* program;
  char* const* arguments;
  char* const* environment;
  std::array<int, 3> standard;  // Become 0, 1 and 2; all above 2.
  ChildOptions::Group group;
  bool blocks_signals;
  int death_signal;
  pid_t parent;
  int errors;  // Write end of a pipe for errno; close-on-exec.
};

[[noreturn]] void Fail(const ExecPlan& plan) {
  const int error = errno;
  if (write(plan.errors, &error, sizeof(error)) < 0) _exit(126);
  _exit(127);
}

[[noreturn]] void Execute(const ExecPlan& plan) {
  if (plan.death_signal != 0) {
    prctl(PR_SET_PDEATHSIG, plan.death_signal);
    // The parent may have ended before the call.
    if (getppid() != plan.parent) _exit(127);
  }
  if (plan.group == ChildOptions::Group::kOwn) setpgid(0, 0);
  if (plan.group == ChildOptions::Group::kOwnSession) setsid();
  for (int number = 0; number < 3; ++number) {
    if (dup2(plan.standard[static_cast<size_t>(number)], number) < 0) {
      Fail(plan);
    }
  }
  // An ignored signal stays ignored over execve(2).
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action = {};
    action.sa_handler = SIG_DFL;
    sigaction(signal, &action, nullptr);  // Fails for SIGKILL and SIGSTOP.
  }
  sigset_t mask;
  if (plan.blocks_signals) {
    sigfillset(&mask);
  } else {
    sigemptyset(&mask);
  }
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  execve(plan.program, plan.arguments, plan.environment);
  Fail(plan);
}

// A copy of `fd`, or of /dev/null if it is -1, that is not 0, 1 or 2.
base::UniqueFd CopyOf(int fd) {
  const base::UniqueFd null(fd < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC)
                                   : -1);
  return base::UniqueFd(
      fcntl(null.valid() ? null.get() : fd, F_DUPFD_CLOEXEC, 3));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(
    ChildOptions options) {
  const std::array<base::UniqueFd, 3> standard = {
      CopyOf(options.input), CopyOf(options.output), CopyOf(options.error)};
  std::array<int, 2> ends;
  if (!standard[0].valid() || !standard[1].valid() || !standard[2].valid() ||
      pipe2(ends.data(), O_CLOEXEC) != 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat("descriptors for \"", options.program, "\""));
  }
  const base::UniqueFd read_end(ends[0]);
  base::UniqueFd write_end(ends[1]);
  const std::vector<char*> arguments = Pointers(options.arguments);
  std::vector<char*> variables;
  if (options.environment) variables = Pointers(*options.environment);
  const ExecPlan plan = {
      .program = options.program.c_str(),
      .arguments = arguments.data(),
      .environment = options.environment ? variables.data() : environ,
      .standard = {standard[0].get(), standard[1].get(), standard[2].get()},
      .group = options.group,
      .blocks_signals = options.blocks_signals,
      .death_signal = options.death_signal,
      .parent = getpid(),
      .errors = write_end.get()};

  // Not posix_spawn(3), which has no PR_SET_PDEATHSIG.
  const pid_t pid = fork();
  if (pid == 0) Execute(plan);
  if (pid < 0) return absl::ErrnoToStatus(errno, "fork");
  base::UniqueFd process = OpenPidfd(pid);
  const int open_error = errno;
  write_end.reset();
  int exec_error = 0;
  ssize_t got = 0;
  do {
    got = read(read_end.get(), &exec_error, sizeof(exec_error));
  } while (got < 0 && errno == EINTR);
  if (got == sizeof(exec_error) || !process.valid()) {
    kill(pid, SIGKILL);
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return process.valid()
               ? absl::ErrnoToStatus(
                     exec_error,
                     absl::StrCat("can't start \"", options.program, "\""))
               : absl::ErrnoToStatus(open_error, "pidfd_open");
  }
  return absl::WrapUnique(new ChildProcess(pid, std::move(process)));
}

ChildProcess::~ChildProcess() {
  Signal(SIGKILL);
  Wait();
}

bool ChildProcess::Signal(int signal) {
  if (End()) return false;
  const absl::MutexLock lock(&mutex_);
  return !wait_status_ && kill(pid_, signal) == 0;
}

std::optional<int> ChildProcess::Wait(absl::Duration timeout) {
  if (!AwaitReadable(process_, timeout)) return std::nullopt;
  const absl::MutexLock lock(&mutex_);
  if (!wait_status_) {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    wait_status_ = status;
  }
  return wait_status_;
}

std::string DescribeEnd(int wait_status) {
  return WIFSIGNALED(wait_status)
             ? absl::StrCat("killed by signal ", WTERMSIG(wait_status))
             : absl::StrCat("exited with code ", WEXITSTATUS(wait_status));
}

}  // namespace tallyman::harness
