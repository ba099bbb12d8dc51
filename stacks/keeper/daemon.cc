#include "stacks/keeper/daemon.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "platform/base/pid_lock.h"
#include "platform/base/unique_fd.h"
#include "stacks/keeper/invocation.h"
#include "stacks/keeper/loop.h"
#include "stacks/keeper/socket.h"

namespace tallyman::stacks {
namespace {

constexpr char kLockName[] = "keeper.lock";
constexpr char kLogName[] = "keeper.log";

constexpr absl::Duration kFirstServerWait = absl::Seconds(10);
// How long to wait for another keeper that ends or starts.
constexpr absl::Duration kLockTimeout = absl::Seconds(5);
constexpr absl::Duration kLockRetryInterval = absl::Milliseconds(20);
// How many tries may find the other keeper's socket bound before that keeper
// counts as alive.
constexpr int kMaxBoundTries = 10;

// Opens /dev/null for each standard descriptor that the parent had closed, so
// that no later descriptor gets its number.
absl::Status OpenStandardDescriptors() {
  while (true) {
    const int fd = open("/dev/null", O_RDWR);
    if (fd < 0) return absl::ErrnoToStatus(errno, "/dev/null");
    if (fd <= STDERR_FILENO) continue;
    close(fd);
    return absl::OkStatus();
  }
}

// Prepares everything that doesn't depend on the directory. Leaves only the
// standard descriptors and `ready_fd`, which becomes kReadyFd.
absl::Status PrepareProcess(base::UniqueFd& ready_fd) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) {
    std::signal(signal, SIG_IGN);
  }
  umask(077);
  prctl(PR_SET_NAME, kKeeperProcessName.data());
  // Orphans of instances become children of the keeper, which reaps them.
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
    return absl::ErrnoToStatus(errno, "PR_SET_CHILD_SUBREAPER");
  }
  if (ready_fd.get() != keeper::kReadyFd) {
    if (dup3(ready_fd.get(), keeper::kReadyFd, O_CLOEXEC) < 0) {
      return absl::ErrnoToStatus(errno, "dup3");
    }
    ready_fd = base::UniqueFd(keeper::kReadyFd);
  } else if (fcntl(keeper::kReadyFd, F_SETFD, FD_CLOEXEC) != 0) {
    return absl::ErrnoToStatus(errno, "the descriptor for the report");
  }
  closefrom(keeper::kReadyFd + 1);
  return OpenStandardDescriptors();
}

// Makes standard input and output /dev/null, and standard error the log.
absl::Status RedirectStandardDescriptors(int directory) {
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
  int bound_tries = 0;
  absl::StatusOr<base::UniqueFd> lock = base::LockPidFile(
      directory, kLockName,
      {.timeout = kLockTimeout,
       .retry_interval = kLockRetryInterval,
       // An unbound socket: the other keeper starts or ends. A bound socket: it
       // lives, or it was killed in the middle of a fork and its child has not
       // closed lock and socket yet.
       .give_up = [&] {
         if (keeper::IsBound(directory)) ++bound_tries;
         return bound_tries > kMaxBoundTries;
       }});
  if (absl::IsAlreadyExists(lock.status())) {
    return absl::FailedPreconditionError(
        absl::StrCat("another keeper has ", kLockName));
  }
  return lock;
}

// Held for as long as the keeper runs.
struct Resources {
  base::UniqueFd directory;
  base::UniqueFd lock;
  base::UniqueFd listener;
  std::unique_ptr<base::EventLoop> loop;
};

absl::StatusOr<Resources> SetUp(const std::string& directory,
                                base::UniqueFd& ready_fd) {
  if (absl::Status status = PrepareProcess(ready_fd); !status.ok()) {
    return status;
  }
  absl::StatusOr<base::UniqueFd> opened = keeper::OpenDirectory(directory);
  if (!opened.ok()) return opened.status();
  if (absl::Status status = RedirectStandardDescriptors(opened->get());
      !status.ok()) {
    return status;
  }
  if (chdir("/") != 0) return absl::ErrnoToStatus(errno, "/");
  absl::StatusOr<base::UniqueFd> lock = Lock(opened->get());
  if (!lock.ok()) return lock.status();
  absl::StatusOr<base::UniqueFd> listener = keeper::Listen(opened->get());
  if (!listener.ok()) return listener.status();
  absl::StatusOr<std::unique_ptr<base::EventLoop>> loop =
      base::EventLoop::Create();
  if (!loop.ok()) return loop.status();
  return Resources{.directory = *std::move(opened),
                   .lock = *std::move(lock),
                   .listener = *std::move(listener),
                   .loop = *std::move(loop)};
}

}  // namespace

absl::Status RunKeeper(const std::string& directory, base::UniqueFd ready_fd) {
  absl::StatusOr<Resources> resources = SetUp(directory, ready_fd);
  keeper::WriteReadiness(ready_fd.get(), resources.status());
  ready_fd.reset();
  if (!resources.ok()) return keeper::Annotate(resources.status(), directory);

  const absl::Status status =
      KeeperLoop(*resources->loop, std::move(resources->listener),
                 {.first_server_wait = kFirstServerWait})
          .Run();
  // The loop has closed the listener. Remove the socket before the lock goes,
  // so as not to remove the next keeper's.
  keeper::RemoveSocket(resources->directory.get());
  return keeper::Annotate(status, directory);
}

int KeeperMain(int argc, char** argv) {
  int ready_fd = -1;
  if (argc != 4 || argv[1] != kKeeperArgument ||
      !absl::SimpleAtoi(argv[3], &ready_fd) || ready_fd <= STDERR_FILENO ||
      fcntl(ready_fd, F_GETFD) < 0) {
    std::cerr << "tallyman: " << kKeeperArgument
              << " DIRECTORY DESCRIPTOR is internal: the server starts its "
                 "keeper with it\n";
    return 2;
  }
  // The second process is not a child of the starter, which may end or call
  // waitpid(2).
  const pid_t pid = fork();
  if (pid > 0) _exit(0);
  if (pid < 0) {
    keeper::WriteReadiness(ready_fd, absl::ErrnoToStatus(errno, "fork"));
    return 1;
  }
  const absl::Status status = RunKeeper(argv[2], base::UniqueFd(ready_fd));
  if (status.ok()) return 0;
  std::cerr << "tallyman: " << status.message() << "\n";
  return 1;
}

}  // namespace tallyman::stacks
