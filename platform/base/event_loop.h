// An event loop for one thread: waits for descriptors, timers and signals, and
// calls back.
//
//   EventLoop loop;
//   EventLoop::Registration reading =
//       loop.WatchFd(fd, kReadable, [&](uint32_t events) { ... });
//   EventLoop::Registration later =
//       loop.RunAfter(absl::Seconds(1), [&] { ... });
//   while (!done) loop.RunOnce();
//
// What it waits with depends on the system: see poller.h and signal_source.h.

#ifndef TALLYMAN_PLATFORM_BASE_EVENT_LOOP_H_
#define TALLYMAN_PLATFORM_BASE_EVENT_LOOP_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/base/poller.h"
#include "platform/base/signal_source.h"

namespace tallyman::base {

// Not thread-safe, except Wake(). Callbacks may add and drop registrations,
// including their own, and must not throw.
class EventLoop {
 public:
  // Keeps a callback registered. Destroying, resetting or replacing the
  // registration drops the callback. Must not outlive the loop.
  class Registration {
   public:
    Registration() = default;
    Registration(Registration&& other) noexcept
        : loop_(std::exchange(other.loop_, nullptr)), id_(other.id_) {}
    Registration& operator=(Registration&& other) noexcept {
      if (this != &other) {
        reset();
        loop_ = std::exchange(other.loop_, nullptr);
        id_ = other.id_;
      }
      return *this;
    }
    ~Registration() { reset(); }

    void reset();
    bool active() const { return loop_ != nullptr; }

    // For a descriptor that is watched kEdgeTriggered: a call on it found none
    // of `events`. The loop calls back when it has one again.
    void Await(uint32_t events) {
      if (loop_ != nullptr) loop_->poller_.Await(id_, events);
    }

   private:
    friend class EventLoop;
    Registration(EventLoop* loop, uint64_t id) : loop_(loop), id_(id) {}
    EventLoop* loop_ = nullptr;
    uint64_t id_ = 0;
  };

  // Dies (CHECK) if Create() returned an error.
  EventLoop();
  // Needs two descriptors. ResourceExhausted if the process or the system is
  // out of descriptors, memory or epoll watches.
  static absl::StatusOr<std::unique_ptr<EventLoop>> Create();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Calls back with the events of `fd` (poller.h) whenever it has one of
  // `events`, kFailed or kHungUp. Level-triggered, unless `events` has
  // kEdgeTriggered: then the callback uses `fd` until that would block, and
  // says so by Registration::Await(). `fd` must be one that the system can
  // watch (no regular file; on Windows a socket), stay open while it is
  // registered, and be registered once at a time.
  //
  // Never fails: if the kernel is out of memory or of watches (on Linux
  // /proc/sys/fs/epoll/max_user_watches), the loop tries again every
  // kRetryDelay. No event is lost, since a descriptor that is ready already is
  // reported.
  Registration WatchFd(int fd, uint32_t events,
                       std::function<void(uint32_t)> callback);

  // Calls back with each of `signals` that the process receives; see
  // SignalSource. The caller has blocked them with BlockSignals(), and no other
  // loop of the process watches them. ResourceExhausted as for Create().
  absl::StatusOr<Registration> WatchSignals(absl::Span<const int> signals,
                                            std::function<void(int)> callback);

  // Calls back once, after `delay`; a negative delay counts as zero. Dropping
  // the registration after that has no effect.
  Registration RunAfter(absl::Duration delay, std::function<void()> callback);

  // Waits for an event, a timer or Wake(), and then calls back for the ready
  // descriptors (at most 256) and for the due timers (at most 16), in their
  // order. The others follow in the next call. A loop that has been busy for
  // half a millisecond lets other threads run first (sched_yield(2)).
  void RunOnce();

  // Makes the current RunOnce(), or else the next one, return. Thread-safe.
  void Wake() const;

  // The time of CLOCK_MONOTONIC, which the timers use.
  static absl::Duration Now();

  static constexpr absl::Duration kRetryDelay = absl::Milliseconds(100);

 private:
  using Timers = std::multimap<absl::Duration, uint64_t>;  // Due time to id.
  struct Entry {
    int fd = -1;                          // -1 for a timer.
    std::optional<SignalSource> signals;  // Owns `fd` if it is theirs.
    uint32_t events = 0;
    std::function<void(uint32_t)> on_events;
    std::function<void()> on_time;
    Timers::iterator timer;
  };

  explicit EventLoop(Poller poller);
  Registration AddFd(uint64_t id, std::shared_ptr<Entry> entry);
  // False if the kernel is out of memory or watches.
  bool TryRegister(uint64_t id, const Entry& entry);
  void RetryUnregistered();
  void ReadSignals(uint64_t id, const std::function<void(int)>& callback);
  void Drop(uint64_t id);
  int TimeoutMs(absl::Duration now) const;
  void RunTimers(absl::Duration now);

  Poller poller_;
  uint64_t next_id_ = 1;
  // Shared with a running callback, which may drop its own entry.
  std::unordered_map<uint64_t, std::shared_ptr<Entry>> entries_;
  // The ids of entries for which TryRegister() has returned false.
  std::set<uint64_t> unregistered_;
  Timers timers_;
  // The end of the last wait, or of the last pause for other threads; of Now().
  absl::Duration busy_since_;
  Registration retry_;  // Last, so that it is dropped first.
};

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_EVENT_LOOP_H_
