// One thread's loop: it waits in the kernel for descriptors and for times, and
// calls back. Nothing polls.
//
//   EventLoop loop;
//   EventLoop::Registration reading =
//       loop.WatchFd(fd, EPOLLIN, [&](uint32_t events) { ... });
//   EventLoop::Registration later = loop.RunAfter(absl::Seconds(1), [&] { ...
//   }); while (!done) loop.RunOnce();

#ifndef TALLYMAN_STACKS_EVENT_LOOP_H_
#define TALLYMAN_STACKS_EVENT_LOOP_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>

#include "absl/time/time.h"
#include "platform/unique_fd.h"

namespace tallyman::stacks {

// Not thread-safe, but for Wake(). Callbacks may add and drop registrations,
// their own too.
class EventLoop {
 public:
  // Keeps a callback registered; destroying or replacing it ends that. Must not
  // outlive the loop.
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

  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Calls back with the events of epoll_ctl(2) whenever `fd` has one of
  // `events`. The descriptor has to stay open while it is registered, and can
  // be registered once at a time.
  Registration WatchFd(int fd, uint32_t events,
                       std::function<void(uint32_t)> callback);

  // Calls back once, after `delay`. The registration is inactive from then on
  // as far as the loop is concerned; dropping it later does no harm.
  Registration RunAfter(absl::Duration delay, std::function<void()> callback);

  // Waits until something is due, or Wake() was called, and calls back for all
  // that is due by then.
  void RunOnce();

  // Makes a RunOnce(), now or the next one, return. Thread-safe.
  void Wake() const;

  // Time since some fixed moment (CLOCK_MONOTONIC).
  static absl::Duration Now();

 private:
  using Timers = std::multimap<absl::Duration, uint64_t>;
  struct Entry {
    int fd = -1;  // -1: a timer.
    std::function<void(uint32_t)> on_events;
    std::function<void()> on_time;
    Timers::iterator timer;
  };

  void Drop(uint64_t id);
  int TimeoutMs() const;
  void RunTimers();

  platform::UniqueFd epoll_;
  platform::UniqueFd wake_;
  uint64_t next_id_ = 1;  // 0 is wake_.
  // Shared with a call that is under way, so that it may drop its own entry.
  std::unordered_map<uint64_t, std::shared_ptr<Entry>> entries_;
  Timers timers_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_EVENT_LOOP_H_
