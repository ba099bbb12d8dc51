#include "server/lifecycle/orphan_reaper.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>

#include "absl/log/check.h"
#include "platform/base/unique_fd.h"

namespace tallyman::server {
namespace {

sigset_t ChildSet() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  return set;
}

}  // namespace

void OrphanReaper::Block() {
  const sigset_t set = ChildSet();
  CHECK_EQ(pthread_sigmask(SIG_BLOCK, &set, nullptr), 0);
}

OrphanReaper::OrphanReaper() {
  const sigset_t set = ChildSet();
  signals_ = base::UniqueFd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  end_ = base::UniqueFd(eventfd(0, EFD_CLOEXEC));
  CHECK(signals_.valid() && end_.valid());
  thread_ = std::thread(&OrphanReaper::Run, this);
}

OrphanReaper::~OrphanReaper() {
  const uint64_t one = 1;
  CHECK_EQ(write(end_.get(), &one, sizeof(one)),
           static_cast<ssize_t>(sizeof(one)));
  thread_.join();
}

void OrphanReaper::Run() {
  pollfd fds[2] = {{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                   {.fd = end_.get(), .events = POLLIN, .revents = 0}};
  while (true) {
    // Several ends may have come as one signal, or before it was blocked.
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    if (poll(fds, 2, -1) < 0 && errno == EINTR) continue;
    if (fds[1].revents != 0) return;
    signalfd_siginfo info;
    while (read(signals_.get(), &info, sizeof(info)) > 0) {
    }
  }
}

}  // namespace tallyman::server
