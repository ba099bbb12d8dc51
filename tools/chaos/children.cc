#include "tools/chaos/children.h"

#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace tallyman::chaos {
namespace {

sigset_t ChildSignal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  return set;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

// What posix_spawn(3) is told; freed with it.
struct SpawnPlan {
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnPlan() {
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  void Descriptor(int number, int fd) {
    if (fd >= 0) {
      posix_spawn_file_actions_adddup2(&actions, fd, number);
    } else {
      posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR,
                                       0);
    }
  }

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

}  // namespace

Children::Children() {
  const sigset_t set = ChildSignal();
  CHECK_EQ(pthread_sigmask(SIG_BLOCK, &set, nullptr), 0);
  CHECK_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  reaper_ = std::thread([this] { Reap(); });
}

Children::~Children() {
  {
    const absl::MutexLock lock(&mutex_);
    ending_ = true;
  }
  pthread_kill(reaper_.native_handle(), SIGCHLD);
  reaper_.join();
}

void Children::Reap() {
  const sigset_t set = ChildSignal();
  while (true) {
    int signal = 0;
    sigwait(&set, &signal);
    const absl::MutexLock lock(&mutex_);
    if (ending_) return;
    while (true) {
      int wait_status = 0;
      const pid_t pid = waitpid(-1, &wait_status, WNOHANG);
      if (pid < 0 && errno == EINTR) continue;
      if (pid <= 0) break;
      const auto found = started_.find(pid);
      if (found != started_.end() && !found->second) {
        found->second = wait_status;
      }
    }
  }
}

absl::StatusOr<pid_t> Children::Start(const ChildCommand& command) {
  std::vector<std::string> arguments = command.arguments;
  std::vector<std::string> environment = command.environment;
  SpawnPlan plan;
  plan.Descriptor(STDIN_FILENO, command.input);
  plan.Descriptor(STDOUT_FILENO, command.output);
  plan.Descriptor(STDERR_FILENO, command.error);
  sigset_t mask;
  sigset_t all;
  sigfillset(&all);
  if (command.blocks_signals) {
    sigfillset(&mask);
  } else {
    sigemptyset(&mask);
  }
  posix_spawnattr_setsigmask(&plan.attributes, &mask);
  posix_spawnattr_setsigdefault(&plan.attributes, &all);
  int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  if (command.own_session) flags |= POSIX_SPAWN_SETSID;
  posix_spawnattr_setflags(&plan.attributes, static_cast<int16_t>(flags));

  const absl::MutexLock lock(&mutex_);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, command.program.c_str(), &plan.actions,
                                &plan.attributes, Pointers(arguments).data(),
                                Pointers(environment).data());
  if (error != 0) {
    return absl::ErrnoToStatus(error,
                               absl::StrCat("starting ", command.program));
  }
  started_[pid] = std::nullopt;
  return pid;
}

bool Children::Signal(pid_t pid, int signal) {
  const absl::MutexLock lock(&mutex_);
  const auto found = started_.find(pid);
  // It is only waited for under the lock: the pid is still its own.
  return found != started_.end() && !found->second && kill(pid, signal) == 0;
}

std::optional<int> Children::EndOf(pid_t pid) {
  const absl::MutexLock lock(&mutex_);
  const auto found = started_.find(pid);
  return found == started_.end() ? std::nullopt : found->second;
}

std::optional<int> Children::Wait(pid_t pid, absl::Duration timeout) {
  const absl::MutexLock lock(&mutex_);
  const auto has_ended = [&] {
    const auto found = started_.find(pid);
    return found != started_.end() && found->second.has_value();
  };
  if (!mutex_.AwaitWithTimeout(absl::Condition(&has_ended), timeout)) {
    return std::nullopt;
  }
  return started_.at(pid);
}

std::string DescribeEnd(int wait_status) {
  return WIFSIGNALED(wait_status)
             ? absl::StrCat("killed by signal ", WTERMSIG(wait_status))
             : absl::StrCat("exited with code ", WEXITSTATUS(wait_status));
}

}  // namespace tallyman::chaos
