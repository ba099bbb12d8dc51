// Calls a function after a time without activity.
//
//   IdleTimer timer(absl::Minutes(2), [&] { cache.Clear(); });
//   ...
//   cache.Use();
//   timer.Restart();
//
// Restart() is cheap: while the timer runs it stores a time and wakes no
// thread. The timer's thread waits again if it finds a later time.

#ifndef TALLYMAN_PLATFORM_BASE_IDLE_TIMER_H_
#define TALLYMAN_PLATFORM_BASE_IDLE_TIMER_H_

#include <chrono>
#include <functional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace tallyman::base {

// Thread-safe. Has a thread from the first Restart() on.
class IdleTimer {
 public:
  // The timer's thread calls `on_idle`, without holding a lock, once `timeout`
  // has passed since the last Restart().
  IdleTimer(absl::Duration timeout, std::function<void()> on_idle)
      : timeout_(timeout), on_idle_(std::move(on_idle)) {}
  // Waits for a call in progress. No call comes later.
  ~IdleTimer();
  IdleTimer(const IdleTimer&) = delete;
  IdleTimer& operator=(const IdleTimer&) = delete;

  // Starts the timer, or starts it anew: one call follows after the timeout.
  // False if the system cannot start a thread; then no call follows.
  bool Restart() ABSL_LOCKS_EXCLUDED(mutex_);

  // True if the timeout has passed since the last Restart(). For `on_idle`,
  // which may run after a concurrent Restart(): if the caller of Restart()
  // holds a lock, `on_idle` checks this under the same lock.
  bool IsIdle() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  absl::Duration TimeLeft() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits for the timeout. False if the timer is being destroyed.
  bool AwaitTimeout() ABSL_LOCKS_EXCLUDED(mutex_);

  const absl::Duration timeout_;
  const std::function<void()> on_idle_;

  mutable absl::Mutex mutex_;  // Not held during a call.
  absl::CondVar changed_;
  std::chrono::steady_clock::time_point restarted_at_ ABSL_GUARDED_BY(mutex_);
  bool is_running_ ABSL_GUARDED_BY(mutex_) = false;  // A call is to follow.
  bool is_ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_IDLE_TIMER_H_
