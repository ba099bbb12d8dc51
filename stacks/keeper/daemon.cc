#include "stacks/keeper/daemon.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "platform/base/pid_lock.h"
#include "platform/base/unique_fd.h"
#include "stacks/keeper/loop.h"
#include "stacks/keeper/socket.h"

namespace tallyman::stacks {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char kLockName[] = "keeper.lock";
constexpr char kLogName[] = "keeper.log";

// Where a started keeper finds its ready_fd.
constexpr int kReadyFd = 3;
constexpr std::string_view kReady = "ok";
constexpr std::string_view kLockedPrefix = "FAILED_PRECONDITION: ";

constexpr absl::Duration kFirstServerWait = absl::Seconds(10);
constexpr std::chrono::seconds kReadyWait(10);
// How long a keeper that is about to end may take, or one that starts.
constexpr absl::Duration kLockWait = absl::Seconds(5);
constexpr absl::Duration kLockRetry = absl::Milliseconds(20);
// How often its socket is seen before it counts as alive.
constexpr int kBoundTries = 10;

absl::Status Annotate(const absl::Status& status, std::string_view directory) {
  if (status.ok()) return status;
  return {status.code(), absl::StrCat("the keeper of \"", directory,
                                      "\": ", status.message())};
}

// Milliseconds until `deadline`, for poll(2).
int Left(Clock::time_point deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  return static_cast<int>(std::max<int64_t>(left.count(), 0));
}

// ----------------------------------------------------------------- the keeper

// A descriptor of our own must not get the number of a standard one that the
// parent had closed.
absl::Status OpenStandard() {
  while (true) {
    const int fd = open("/dev/null", O_RDWR);
    if (fd < 0) return absl::ErrnoToStatus(errno, "/dev/null");
    if (fd <= STDERR_FILENO) continue;
    close(fd);
    return absl::OkStatus();
  }
}

// What doesn't depend on the directory. Leaves only the standard descriptors
// and `ready_fd`, which gets another number.
absl::Status PrepareProcess(base::UniqueFd& ready_fd) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) {
    std::signal(signal, SIG_IGN);
  }
  umask(077);
  prctl(PR_SET_NAME, kKeeperProcessName.data());
  // What instances leave behind becomes the keeper's to wait for.
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
    return absl::ErrnoToStatus(errno, "PR_SET_CHILD_SUBREAPER");
  }
  if (ready_fd.get() != kReadyFd) {
    if (dup3(ready_fd.get(), kReadyFd, O_CLOEXEC) < 0) {
      return absl::ErrnoToStatus(errno, "dup3");
    }
    ready_fd = base::UniqueFd(kReadyFd);
  } else if (fcntl(kReadyFd, F_SETFD, FD_CLOEXEC) != 0) {
    return absl::ErrnoToStatus(errno, "the descriptor to report to");
  }
  closefrom(kReadyFd + 1);
  return OpenStandard();
}

// Standard input and output are nothing, standard error is the log.
absl::Status RedirectStandard(int directory) {
  const base::UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  const base::UniqueFd log(
      openat(directory, kLogName,
             O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
             S_IRUSR | S_IWUSR));
  if (!null.valid()) return absl::ErrnoToStatus(errno, "/dev/null");
  if (!log.valid()) return absl::ErrnoToStatus(errno, kLogName);
  if (dup2(null.get(), STDIN_FILENO) < 0 ||
      dup2(null.get(), STDOUT_FILENO) < 0 ||
      dup2(log.get(), STDERR_FILENO) < 0) {
    return absl::ErrnoToStatus(errno, "dup2");
  }
  return absl::OkStatus();
}

absl::StatusOr<base::UniqueFd> Lock(int directory) {
  int bound = 0;
  absl::StatusOr<base::UniqueFd> lock = base::LockPidFile(
      directory, kLockName,
      {.timeout = kLockWait,
       .retry_interval = kLockRetry,
       // Without a socket the other keeper begins or ends. With a socket it may
       // also have been killed in the middle of a fork: the child has lock and
       // socket for a moment, until it closes them.
       .give_up = [&] {
         if (keeper::IsBound(directory)) ++bound;
         return bound > kBoundTries;
       }});
  if (absl::IsFailedPrecondition(lock.status())) {
    return absl::FailedPreconditionError(
        absl::StrCat("another keeper has ", kLockName));
  }
  return lock;
}

// What a keeper holds on to.
struct Place {
  base::UniqueFd directory;
  base::UniqueFd lock;
  base::UniqueFd listener;
};

absl::StatusOr<Place> TakePlace(const std::string& directory,
                                base::UniqueFd& ready_fd) {
  if (absl::Status status = PrepareProcess(ready_fd); !status.ok()) {
    return status;
  }
  absl::StatusOr<base::UniqueFd> opened = keeper::OpenDirectory(directory);
  if (!opened.ok()) return opened.status();
  if (absl::Status status = RedirectStandard(opened->get()); !status.ok()) {
    return status;
  }
  if (chdir("/") != 0) return absl::ErrnoToStatus(errno, "/");
  absl::StatusOr<base::UniqueFd> lock = Lock(opened->get());
  if (!lock.ok()) return lock.status();
  absl::StatusOr<base::UniqueFd> listener = keeper::Listen(opened->get());
  if (!listener.ok()) return listener.status();
  return Place{.directory = *std::move(opened),
               .lock = *std::move(lock),
               .listener = *std::move(listener)};
}

// Nobody may be there to read it; that is the reader's business.
void Report(int fd, const absl::Status& status) {
  const std::string line = absl::StrCat(
      status.ok() ? std::string(kReady)
                  : absl::StrReplaceAll(status.ToString(), {{"\n", " "}}),
      "\n");
  (void)!write(fd, line.data(), line.size());
}

// ---------------------------------------------------------------- its starter

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

// posix_spawn(3) with what a keeper wants: a session, fresh signals, and
// `ready_fd` as kReadyFd.
absl::StatusOr<pid_t> SpawnProgram(const std::string& program,
                                   const std::string& directory, int ready_fd) {
  std::string name(kKeeperProcessName);
  std::string argument(kKeeperArgument);
  std::string place = directory;
  std::string number = absl::StrCat(kReadyFd);
  const std::array<char*, 5> arguments = {name.data(), argument.data(),
                                          place.data(), number.data(), nullptr};
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
  posix_spawn_file_actions_adddup2(&actions, ready_fd, kReadyFd);
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

// The line that a new keeper writes, without its end.
absl::StatusOr<std::string> ReadReport(int fd) {
  const Clock::time_point deadline = Clock::now() + kReadyWait;
  std::string line;
  while (!absl::StrContains(line, '\n')) {
    pollfd watched = {.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = poll(&watched, 1, Left(deadline));
    if (ready == 0) {
      return absl::UnavailableError("it did not begin to listen in time");
    }
    std::array<char, 512> buffer;
    const ssize_t got = ready < 0 ? -1 : read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, "reading what it says");
    if (got == 0) {
      return absl::UnavailableError("it ended before it began to listen");
    }
    line.append(buffer.data(), static_cast<size_t>(got));
  }
  line.resize(line.find('\n'));
  return line;
}

}  // namespace

absl::Status RunKeeper(const std::string& directory, base::UniqueFd ready_fd) {
  absl::StatusOr<Place> place = TakePlace(directory, ready_fd);
  Report(ready_fd.get(), place.status());
  ready_fd.reset();
  if (!place.ok()) return Annotate(place.status(), directory);

  const absl::Status status =
      KeeperLoop(std::move(place->listener), kFirstServerWait).Run();
  // In this order: first nobody can connect any more, then another keeper can
  // have the lock. (The loop has closed the listener.)
  keeper::RemoveSocket(place->directory.get());
  return Annotate(status, directory);
}

int KeeperMain(int argc, char** argv) {
  int ready_fd = -1;
  if (argc != 4 || argv[1] != kKeeperArgument ||
      !absl::SimpleAtoi(argv[3], &ready_fd) || ready_fd <= STDERR_FILENO ||
      fcntl(ready_fd, F_GETFD) < 0) {
    std::cerr << "tallyman: " << kKeeperArgument
              << " DIRECTORY DESCRIPTOR is for the server alone, which starts "
                 "its keeper with it\n";
    return 2;
  }
  // So that it is nobody's child who might end, or wait for it.
  const pid_t pid = fork();
  if (pid > 0) _exit(0);
  if (pid < 0) {
    Report(ready_fd, absl::ErrnoToStatus(errno, "fork"));
    return 1;
  }
  const absl::Status status = RunKeeper(argv[2], base::UniqueFd(ready_fd));
  if (status.ok()) return 0;
  std::cerr << "tallyman: " << status.message() << "\n";
  return 1;
}

absl::Status StartKeeper(const std::string& program,
                         const std::string& directory) {
  absl::StatusOr<Pipe> pipe = MakePipe();
  if (!pipe.ok()) return Annotate(pipe.status(), directory);
  const absl::StatusOr<pid_t> pid =
      SpawnProgram(program, directory, pipe->write_end.get());
  pipe->write_end.reset();
  if (!pid.ok()) return Annotate(pid.status(), directory);

  const absl::StatusOr<std::string> line = ReadReport(pipe->read_end.get());
  // It has only forked, and ended. If it hangs before that, it is of no use; it
  // is still this process's child then, so that its pid is its own.
  if (absl::IsUnavailable(line.status()) &&
      waitpid(*pid, nullptr, WNOHANG) == 0) {
    kill(*pid, SIGKILL);
  }
  while (waitpid(*pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!line.ok()) return Annotate(line.status(), directory);
  if (*line == kReady) return absl::OkStatus();
  std::string_view reason = *line;
  if (absl::ConsumePrefix(&reason, kLockedPrefix)) {
    return Annotate(absl::FailedPreconditionError(reason), directory);
  }
  return Annotate(absl::UnavailableError(reason), directory);
}

}  // namespace tallyman::stacks
