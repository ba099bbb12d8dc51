#include "platform/base/event_loop.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "absl/log/check.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/base/poller.h"
#include "platform/base/signal_source.h"

namespace tallyman::base {
namespace {

// Then it is the turn of descriptors: a thousand deadlines that pass at once do
// not delay requests.
constexpr int kMaxTimersInARow = 16;

// A loop that did not have to wait for so long lets other threads run. The
// kernel would stop it at a clock tick only, up to 4 ms later, and clients on
// the same processor wait until then.
constexpr absl::Duration kMaxBusy = absl::Microseconds(500);

// A call of Poller::Wait() that takes longer has waited.
constexpr absl::Duration kWaited = absl::Microseconds(10);

}  // namespace

void EventLoop::Registration::reset() {
  if (loop_ != nullptr) std::exchange(loop_, nullptr)->Drop(id_);
}

EventLoop::EventLoop(Poller poller) : poller_(std::move(poller)) {}

EventLoop::EventLoop()
    : EventLoop([] {
        absl::StatusOr<Poller> poller = Poller::Create();
        CHECK_OK(poller);
        return *std::move(poller);
      }()) {}

absl::StatusOr<std::unique_ptr<EventLoop>> EventLoop::Create() {
  absl::StatusOr<Poller> poller = Poller::Create();
  if (!poller.ok()) return poller.status();
  return absl::WrapUnique(new EventLoop(*std::move(poller)));
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
  absl::StatusOr<SignalSource> source = SignalSource::Create(signals);
  if (!source.ok()) return source.status();
  const uint64_t id = next_id_++;
  auto entry = std::make_shared<Entry>();
  entry->fd = source->fd();
  entry->signals = *std::move(source);
  entry->events = kReadable;
  entry->on_events = [this, id, callback = std::move(callback)](uint32_t) {
    ReadSignals(id, callback);
  };
  return AddFd(id, std::move(entry));
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
  return poller_.Add(id, entry.fd, entry.events);
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

void EventLoop::ReadSignals(uint64_t id,
                            const std::function<void(int)>& callback) {
  // Until the callback drops the registration.
  for (auto found = entries_.find(id); found != entries_.end();
       found = entries_.find(id)) {
    const std::optional<int> signal = found->second->signals->Read();
    if (!signal) return;
    callback(*signal);
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
    poller_.Remove(id, found->second->fd);
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
  std::array<Poller::Ready, 256> ready;
  const absl::Duration before = Now();
  const size_t count = poller_.Wait(TimeoutMs(before), absl::MakeSpan(ready));
  if (const absl::Duration after = Now(); after - before > kWaited) {
    busy_since_ = after;
  }
  for (const Poller::Ready& each : absl::MakeSpan(ready).first(count)) {
    // A callback of this round may have dropped the entry.
    const auto found = entries_.find(each.id);
    if (found == entries_.end()) continue;
    const std::shared_ptr<Entry> entry = found->second;
    entry->on_events(each.events);
  }
  const absl::Duration now = Now();
  RunTimers(now);
  if (now - busy_since_ > kMaxBusy) {
    std::this_thread::yield();
    busy_since_ = Now();
  }
}

void EventLoop::Wake() const { poller_.Wake(); }

absl::Duration EventLoop::Now() {
  timespec now;
  CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &now), 0);
  return absl::DurationFromTimespec(now);
}

}  // namespace tallyman::base
