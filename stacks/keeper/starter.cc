#include "stacks/keeper/starter.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "stacks/keeper/invocation.h"
#include "stacks/keeper/socket.h"

namespace tallyman::stacks {
namespace {

constexpr absl::Duration kReadyTimeout = absl::Seconds(10);

struct Pipe {
  base::UniqueFd read_end;
  base::UniqueFd write_end;
};

absl::StatusOr<Pipe> MakePipe() {
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return absl::ErrnoToStatus(errno, "pipe2");
  }
  return Pipe{.read_end = base::UniqueFd(ends[0]),
              .write_end = base::UniqueFd(ends[1])};
}

// posix_spawn(3) with a new session, an empty signal mask, default signal
// dispositions, and `ready_fd` as kReadyFd.
absl::StatusOr<pid_t> SpawnProgram(const std::string& program,
                                   const std::string& directory, int ready_fd) {
  std::string name(kKeeperProcessName);
  std::string flag(kKeeperArgument);
  std::string directory_argument = directory;
  std::string ready_argument = absl::StrCat(keeper::kReadyFd);
  const std::array<char*, 5> arguments = {name.data(), flag.data(),
                                          directory_argument.data(),
                                          ready_argument.data(), nullptr};
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID |
                                            POSIX_SPAWN_SETSIGMASK |
                                            POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  // Clears FD_CLOEXEC also where the two are the same.
  posix_spawn_file_actions_adddup2(&actions, ready_fd, keeper::kReadyFd);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, program.c_str(), &actions, &attributes,
                                arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    return absl::ErrnoToStatus(error,
                               absl::StrCat("starting \"", program, "\""));
  }
  return pid;
}

absl::Status Start(const std::string& program, const std::string& directory) {
  absl::StatusOr<Pipe> pipe = MakePipe();
  if (!pipe.ok()) return pipe.status();
  const absl::StatusOr<pid_t> pid =
      SpawnProgram(program, directory, pipe->write_end.get());
  pipe->write_end.reset();
  if (!pid.ok()) return pid.status();

  absl::Status ready =
      keeper::ReadReadiness(pipe->read_end.get(), kReadyTimeout);
  // The child forks the keeper and exits. One that hangs before that is killed;
  // it is not waited for yet, so the pid is still its own.
  if (absl::IsUnavailable(ready) && waitpid(*pid, nullptr, WNOHANG) == 0) {
    kill(*pid, SIGKILL);
  }
  while (waitpid(*pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return ready;
}

}  // namespace

absl::Status StartKeeper(const std::string& program,
                         const std::string& directory) {
  return keeper::Annotate(Start(program, directory), directory);
}

}  // namespace tallyman::stacks
