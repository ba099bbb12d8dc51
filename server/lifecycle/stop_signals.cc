#include "server/lifecycle/stop_signals.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <utility>

#include "absl/log/check.h"
#include "absl/time/time.h"

namespace tallyman::server {
namespace {

sigset_t StopSet() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

enum class Event { kSignal, kTimeout, kEnd };

// Waits for a signal, for the end, or for `timeout_ms` (-1: for ever).
Event WaitForEvent(int signal_fd, int end_fd, int timeout_ms) {
  pollfd fds[2] = {{.fd = signal_fd, .events = POLLIN, .revents = 0},
                   {.fd = end_fd, .events = POLLIN, .revents = 0}};
  int ready = 0;
  do {
    ready = poll(fds, 2, timeout_ms);
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) return Event::kTimeout;
  if (fds[1].revents != 0) return Event::kEnd;
  signalfd_siginfo info;
  while (read(signal_fd, &info, sizeof(info)) < 0 && errno == EINTR) {
  }
  return Event::kSignal;
}

}  // namespace

void StopSignals::Block() {
  const sigset_t set = StopSet();
  CHECK_EQ(pthread_sigmask(SIG_BLOCK, &set, nullptr), 0);
}

StopSignals::StopSignals(Callbacks callbacks, absl::Duration deadline)
    : callbacks_(std::move(callbacks)), deadline_(deadline) {
  const sigset_t set = StopSet();
  signal_fd_ = signalfd(-1, &set, SFD_CLOEXEC);
  end_fd_ = eventfd(0, EFD_CLOEXEC);
  CHECK_GE(signal_fd_, 0);
  CHECK_GE(end_fd_, 0);
  thread_ = std::thread(&StopSignals::Watch, this);
}

StopSignals::~StopSignals() {
  const uint64_t one = 1;
  CHECK_EQ(write(end_fd_, &one, sizeof(one)),
           static_cast<ssize_t>(sizeof(one)));
  thread_.join();
  close(signal_fd_);
  close(end_fd_);
}

void StopSignals::Watch() {
  if (WaitForEvent(signal_fd_, end_fd_, -1) == Event::kEnd) return;
  callbacks_.stop();
  const auto timeout_ms =
      static_cast<int>(absl::ToInt64Milliseconds(deadline_));
  if (WaitForEvent(signal_fd_, end_fd_, timeout_ms) == Event::kEnd) return;
  callbacks_.give_up();
}

}  // namespace tallyman::server
