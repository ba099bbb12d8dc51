// Calls a function once nothing has happened for a while.
//
//   IdleTimer timer(absl::Minutes(2), [&] { cache.Clear(); });
//   ...
//   cache.Use();
//   timer.Restart();
//
// Restarting it costs no wake-up of anybody, however often that is: a time that
// is over early is waited for once more.

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
  // `on_idle` is called by the timer's thread, which holds no lock then.
  IdleTimer(absl::Duration quiet, std::function<void()> on_idle)
      : quiet_(quiet), on_quiet_(std::move(on_idle)) {}
  // Waits for a call that is under way; there is none later.
  ~IdleTimer();
  IdleTimer(const IdleTimer&) = delete;
  IdleTimer& operator=(const IdleTimer&) = delete;

  // One call is due when as much time has passed, unless restarted before.
  // False if that can't be, as no thread can be started.
  bool Restart() ABSL_LOCKS_EXCLUDED(mutex_);

  // Whether the time has passed since the last Restart(). A call that comes may
  // be late: whoever restarts the timer under a lock can ask under it.
  bool IsIdle() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  absl::Duration TimeLeft() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits until a call is due; false if there will be none any more.
  bool Await() ABSL_LOCKS_EXCLUDED(mutex_);

  const absl::Duration quiet_;
  const std::function<void()> on_quiet_;

  mutable absl::Mutex mutex_;  // Never held for long.
  absl::CondVar changed_;
  std::chrono::steady_clock::time_point restarted_at_ ABSL_GUARDED_BY(mutex_);
  bool is_due_ ABSL_GUARDED_BY(mutex_) = false;  // Some time, a call.
  bool is_ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_IDLE_TIMER_H_
