// One thread's loop: waits in the kernel for descriptors, times and signals,
// and calls back. Nothing polls.
//
//   EventLoop loop;
//   EventLoop::Registration reading =
//       loop.WatchFd(fd, EPOLLIN, [&](uint32_t events) { ... });
//   EventLoop::Registration later =
//       loop.RunAfter(absl::Seconds(1), [&] { ... });
//   while (!done) loop.RunOnce();
//
// Linux: epoll(7), eventfd(2), signalfd(2).

#ifndef TALLYMAN_PLATFORM_BASE_EVENT_LOOP_H_
#define TALLYMAN_PLATFORM_BASE_EVENT_LOOP_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/base/unique_fd.h"

namespace tallyman::base {

// Not thread-safe, except Wake(). Callbacks may add and drop registrations,
// including their own.
class EventLoop {
 public:
  // Keeps a callback registered; destroying or replacing the registration ends
  // that. Must not outlive the loop.
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

   private:
    friend class EventLoop;
    Registration(EventLoop* loop, uint64_t id) : loop_(loop), id_(id) {}
    EventLoop* loop_ = nullptr;
    uint64_t id_ = 0;
  };

  // Dies without two free descriptors; Create() returns an error instead.
  EventLoop();
  // ResourceExhausted or Unavailable if the process is out of descriptors or
  // the kernel out of memory.
  static absl::StatusOr<std::unique_ptr<EventLoop>> Create();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Calls back with the events of epoll_ctl(2) whenever `fd` has one of
  // `events` (level-triggered). The descriptor must stay open while it is
  // registered, and can be registered once at a time.
  //
  // Never fails: if the kernel has no memory (ENOMEM) or no watch (ENOSPC,
  // /proc/sys/fs/epoll/max_user_watches) for it now, the loop registers the
  // descriptor later, within kRetryDelay of a free one. No event is lost, since
  // a descriptor that is ready stays ready.
  Registration WatchFd(int fd, uint32_t events,
                       std::function<void(uint32_t)> callback);

  // Calls back with each of `signals` that the process receives. Signals of the
  // same number may arrive as one (signal(7)). The caller has blocked them with
  // BlockSignals(), and no other loop of the process watches them.
  // ResourceExhausted or Unavailable as for Create().
  absl::StatusOr<Registration> WatchSignals(absl::Span<const int> signals,
                                            std::function<void(int)> callback);

  // Blocks `signals` in the calling thread and in threads that it starts from
  // now on, so that only WatchSignals() takes them. Call it before the process
  // has a second thread.
  static void BlockSignals(absl::Span<const int> signals);

  // Calls back once, after `delay`. The registration is inactive from then on
  // as far as the loop is concerned; dropping it later does no harm.
  Registration RunAfter(absl::Duration delay, std::function<void()> callback);

  // Waits until something is due, or Wake() was called, and calls back for
  // everything that is due by then.
  void RunOnce();

  // Makes a RunOnce(), the current or the next one, return. Thread-safe.
  void Wake() const;

  // Time since a fixed moment (CLOCK_MONOTONIC).
  static absl::Duration Now();

  static constexpr absl::Duration kRetryDelay = absl::Milliseconds(100);

 private:
  using Timers = std::multimap<absl::Duration, uint64_t>;
  struct Entry {
    int fd = -1;         // -1: a timer.
    UniqueFd signal_fd;  // Owns `fd` for signals.
    uint32_t events = 0;
    std::function<void(uint32_t)> on_events;
    std::function<void()> on_time;
    Timers::iterator timer;
  };

  EventLoop(UniqueFd epoll, UniqueFd wake);
  Registration AddFd(uint64_t id, std::shared_ptr<Entry> entry);
  // Whether epoll has the entry now.
  bool TryRegister(uint64_t id, const Entry& entry);
  void RetryUnregistered();
  void ReadSignals(uint64_t id, int fd,
                   const std::function<void(int)>& callback);
  void Drop(uint64_t id);
  int TimeoutMs() const;
  void RunTimers();

  UniqueFd epoll_;
  UniqueFd wake_;
  uint64_t next_id_ = 1;  // 0 is wake_.
  // Shared with a callback in progress, which may drop its own entry.
  std::unordered_map<uint64_t, std::shared_ptr<Entry>> entries_;
  // Entries with a descriptor that epoll had no room for yet.
  std::set<uint64_t> unregistered_;
  Timers timers_;
  Registration retry_;  // Last, so that it is dropped first.
};

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_EVENT_LOOP_H_
