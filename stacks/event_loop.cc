#include "stacks/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <functional>
#include <limits>
#include <memory>
#include <utility>

#include "absl/log/check.h"
#include "absl/time/time.h"
#include "platform/unique_fd.h"

namespace tallyman::stacks {

void EventLoop::Registration::reset() {
  if (loop_ != nullptr) std::exchange(loop_, nullptr)->Drop(id_);
}

EventLoop::EventLoop()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  CHECK(epoll_.valid() && wake_.valid());
  epoll_event event{.events = EPOLLIN, .data = {.u64 = 0}};
  CHECK_EQ(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event), 0);
}

EventLoop::Registration EventLoop::WatchFd(
    int fd, uint32_t events, std::function<void(uint32_t)> callback) {
  const uint64_t id = next_id_++;
  epoll_event event{.events = events, .data = {.u64 = id}};
  CHECK_EQ(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event), 0);
  auto entry = std::make_shared<Entry>();
  entry->fd = fd;
  entry->on_events = std::move(callback);
  entries_.emplace(id, std::move(entry));
  return Registration(this, id);
}

EventLoop::Registration EventLoop::RunAfter(absl::Duration delay,
                                            std::function<void()> callback) {
  const uint64_t id = next_id_++;
  auto entry = std::make_shared<Entry>();
  entry->on_time = std::move(callback);
  entry->timer = timers_.emplace(Now() + delay, id);
  entries_.emplace(id, std::move(entry));
  return Registration(this, id);
}

void EventLoop::Drop(uint64_t id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;  // A timer that has run.
  if (found->second->fd >= 0) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second->fd, nullptr);
  } else {
    timers_.erase(found->second->timer);
  }
  entries_.erase(found);
}

int EventLoop::TimeoutMs() const {
  if (timers_.empty()) return -1;
  const absl::Duration left = timers_.begin()->first - Now();
  if (left <= absl::ZeroDuration()) return 0;
  // Rounded up: waking too early would mean waking twice.
  return static_cast<int>(std::min<int64_t>(
      absl::ToInt64Milliseconds(absl::Ceil(left, absl::Milliseconds(1))),
      std::numeric_limits<int>::max()));
}

void EventLoop::RunTimers() {
  const absl::Duration now = Now();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const uint64_t id = timers_.begin()->second;
    const std::shared_ptr<Entry> entry = entries_.at(id);
    Drop(id);
    entry->on_time();
  }
}

void EventLoop::RunOnce() {
  std::array<epoll_event, 256> events;
  const int count = epoll_wait(epoll_.get(), events.data(),
                               static_cast<int>(events.size()), TimeoutMs());
  CHECK(count >= 0 || errno == EINTR);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events.at(static_cast<size_t>(i));
    if (event.data.u64 == 0) {
      uint64_t ignored = 0;
      // A Wake() that comes from now on makes it readable again.
      while (read(wake_.get(), &ignored, sizeof(ignored)) < 0 &&
             errno == EINTR) {
      }
      continue;
    }
    // An earlier callback may have dropped it.
    const auto found = entries_.find(event.data.u64);
    if (found == entries_.end()) continue;
    const std::shared_ptr<Entry> entry = found->second;
    entry->on_events(event.events);
  }
  RunTimers();
}

void EventLoop::Wake() const {
  const uint64_t one = 1;
  // Fails only where it is awake already (the counter is full).
  while (write(wake_.get(), &one, sizeof(one)) < 0 && errno == EINTR) {
  }
}

absl::Duration EventLoop::Now() {
  timespec now;
  CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &now), 0);
  return absl::DurationFromTimespec(now);
}

}  // namespace tallyman::stacks
