#include "platform/base/event_loop.h"

#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <utility>

#include "absl/log/check.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/base/unique_fd.h"

namespace tallyman::base {
namespace {

// Then it is the turn of descriptors: a thousand deadlines that pass at once do
// not delay requests.
constexpr int kMaxTimersInARow = 16;

// A loop that did not have to wait for so long lets other threads run. The
// kernel would stop it at a clock tick only, up to 4 ms later, and clients on
// the same processor wait until then.
constexpr absl::Duration kMaxBusy = absl::Microseconds(500);

// A call of epoll_wait(2) that takes longer has waited.
constexpr absl::Duration kWaited = absl::Microseconds(10);

sigset_t SetOf(absl::Span<const int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

}  // namespace

void EventLoop::Registration::reset() {
  if (loop_ != nullptr) std::exchange(loop_, nullptr)->Drop(id_);
}

absl::StatusOr<EventLoop::Descriptors> EventLoop::Open() {
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return absl::ErrnoToStatus(errno, "epoll_create1");
  UniqueFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return absl::ErrnoToStatus(errno, "eventfd");
  epoll_event event{.events = EPOLLIN, .data = {.u64 = 0}};
  if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) {
    return absl::ErrnoToStatus(errno, "epoll_ctl");
  }
  return Descriptors{.epoll = std::move(epoll), .wake = std::move(wake)};
}

EventLoop::EventLoop(Descriptors descriptors)
    : descriptors_(std::move(descriptors)) {}

EventLoop::EventLoop()
    : EventLoop([] {
        absl::StatusOr<Descriptors> descriptors = Open();
        CHECK_OK(descriptors);
        return *std::move(descriptors);
      }()) {}

absl::StatusOr<std::unique_ptr<EventLoop>> EventLoop::Create() {
  absl::StatusOr<Descriptors> descriptors = Open();
  if (!descriptors.ok()) return descriptors.status();
  return absl::WrapUnique(new EventLoop(*std::move(descriptors)));
}

EventLoop::Registration EventLoop::WatchFd(
    int fd, uint32_t events, std::function<void(uint32_t)> callback) {
  auto entry = std::make_shared<Entry>();
  entry->fd = fd;
  entry->events = events;
  entry->on_events = std::move(callback);
  return AddFd(next_id_++, std::move(entry));
}

absl::StatusOr<EventLoop::Registration> EventLoop::WatchSignals(
    absl::Span<const int> signals, std::function<void(int)> callback) {
  const sigset_t set = SetOf(signals);
  UniqueFd signal_fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signal_fd.valid()) return absl::ErrnoToStatus(errno, "signalfd");
  const uint64_t id = next_id_++;
  const int fd = signal_fd.get();
  auto entry = std::make_shared<Entry>();
  entry->fd = fd;
  entry->signal_fd = std::move(signal_fd);
  entry->events = EPOLLIN;
  entry->on_events = [this, id, fd, callback = std::move(callback)](uint32_t) {
    ReadSignals(id, fd, callback);
  };
  return AddFd(id, std::move(entry));
}

void EventLoop::BlockSignals(absl::Span<const int> signals) {
  const sigset_t set = SetOf(signals);
  CHECK_EQ(pthread_sigmask(SIG_BLOCK, &set, nullptr), 0);
}

EventLoop::Registration EventLoop::AddFd(uint64_t id,
                                         std::shared_ptr<Entry> entry) {
  if (!TryRegister(id, *entry)) {
    unregistered_.insert(id);
    if (!retry_.active()) {
      retry_ = RunAfter(kRetryDelay, [this] { RetryUnregistered(); });
    }
  }
  entries_.emplace(id, std::move(entry));
  return {this, id};
}

bool EventLoop::TryRegister(uint64_t id, const Entry& entry) {
  epoll_event event{.events = entry.events, .data = {.u64 = id}};
  if (epoll_ctl(descriptors_.epoll.get(), EPOLL_CTL_ADD, entry.fd, &event) ==
      0) {
    return true;
  }
  // Other errors are the caller's: EBADF, EEXIST, EPERM.
  CHECK(errno == ENOMEM || errno == ENOSPC) << "epoll_ctl, errno " << errno;
  return false;
}

void EventLoop::RetryUnregistered() {
  std::erase_if(unregistered_, [this](uint64_t id) {
    return TryRegister(id, *entries_.at(id));
  });
  retry_.reset();
  if (!unregistered_.empty()) {
    retry_ = RunAfter(kRetryDelay, [this] { RetryUnregistered(); });
  }
}

void EventLoop::ReadSignals(uint64_t id, int fd,
                            const std::function<void(int)>& callback) {
  signalfd_siginfo info;
  // Until the callback drops the registration.
  while (entries_.contains(id)) {
    const ssize_t got = read(fd, &info, sizeof(info));
    if (got < 0 && errno == EINTR) continue;
    if (got != static_cast<ssize_t>(sizeof(info))) return;
    callback(static_cast<int>(info.ssi_signo));
  }
}

EventLoop::Registration EventLoop::RunAfter(absl::Duration delay,
                                            std::function<void()> callback) {
  const uint64_t id = next_id_++;
  auto entry = std::make_shared<Entry>();
  entry->on_time = std::move(callback);
  entry->timer = timers_.emplace(Now() + delay, id);
  entries_.emplace(id, std::move(entry));
  return {this, id};
}

void EventLoop::Drop(uint64_t id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;  // A timer that has expired.
  if (found->second->fd < 0) {
    timers_.erase(found->second->timer);
  } else if (unregistered_.erase(id) == 0) {
    epoll_ctl(descriptors_.epoll.get(), EPOLL_CTL_DEL, found->second->fd,
              nullptr);
  }
  entries_.erase(found);
}

int EventLoop::TimeoutMs(absl::Duration now) const {
  if (timers_.empty()) return -1;
  const absl::Duration left = timers_.begin()->first - now;
  if (left <= absl::ZeroDuration()) return 0;
  // Rounded up, since waking too early means waking twice.
  return static_cast<int>(std::min<int64_t>(
      absl::ToInt64Milliseconds(absl::Ceil(left, absl::Milliseconds(1))),
      std::numeric_limits<int>::max()));
}

void EventLoop::RunTimers(absl::Duration now) {
  for (int i = 0; i < kMaxTimersInARow && !timers_.empty() &&
                  timers_.begin()->first <= now;
       ++i) {
    const uint64_t id = timers_.begin()->second;
    const std::shared_ptr<Entry> entry = entries_.at(id);
    Drop(id);
    entry->on_time();
  }
}

void EventLoop::RunOnce() {
  std::array<epoll_event, 256> events;
  const absl::Duration before = Now();
  const int count =
      epoll_wait(descriptors_.epoll.get(), events.data(),
                 static_cast<int>(events.size()), TimeoutMs(before));
  CHECK(count >= 0 || errno == EINTR);
  if (const absl::Duration after = Now(); after - before > kWaited) {
    busy_since_ = after;
  }
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events.at(static_cast<size_t>(i));
    // A copy: epoll_event is packed, and a reference into it may be misaligned.
    const uint64_t id = event.data.u64;
    if (id == 0) {
      uint64_t ignored = 0;
      // Resets the counter.
      while (read(descriptors_.wake.get(), &ignored, sizeof(ignored)) < 0 &&
             errno == EINTR) {
      }
      continue;
    }
    // A callback of this round may have dropped the entry.
    const auto found = entries_.find(id);
    if (found == entries_.end()) continue;
    const std::shared_ptr<Entry> entry = found->second;
    entry->on_events(event.events);
  }
  const absl::Duration now = Now();
  RunTimers(now);
  if (now - busy_since_ > kMaxBusy) {
    sched_yield();
    busy_since_ = Now();
  }
}

void EventLoop::Wake() const {
  const uint64_t one = 1;
  // Fails only if the counter is at its maximum: a wake-up is pending already.
  while (write(descriptors_.wake.get(), &one, sizeof(one)) < 0 &&
         errno == EINTR) {
  }
}

absl::Duration EventLoop::Now() {
  timespec now;
  CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &now), 0);
  return absl::DurationFromTimespec(now);
}

}  // namespace tallyman::base
