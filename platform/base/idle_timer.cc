#include "platform/base/idle_timer.h"

#include <chrono>
#include <exception>
#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace tallyman::base {

IdleTimer::~IdleTimer() {
  std::thread thread;
  {
    const absl::MutexLock lock(&mutex_);
    is_ending_ = true;
    changed_.Signal();
    thread = std::move(thread_);
  }
  if (thread.joinable()) thread.join();
}

bool IdleTimer::Restart() {
  const absl::MutexLock lock(&mutex_);
  restarted_at_ = std::chrono::steady_clock::now();
  // The thread waits already, and will find the new time.
  if (is_running_) return true;
  if (!thread_.joinable()) {
    try {
      thread_ = std::thread(&IdleTimer::Run, this);
    } catch (const std::exception&) {
      return false;  // Out of threads or memory.
    }
  }
  is_running_ = true;
  changed_.Signal();
  return true;
}

bool IdleTimer::IsIdle() const {
  const absl::MutexLock lock(&mutex_);
  return TimeLeft() <= absl::ZeroDuration();
}

absl::Duration IdleTimer::TimeLeft() const {
  return timeout_ -
         absl::FromChrono(std::chrono::steady_clock::now() - restarted_at_);
}

void IdleTimer::Run() {
  while (AwaitTimeout()) on_idle_();
}

bool IdleTimer::AwaitTimeout() {
  const absl::MutexLock lock(&mutex_);
  while (!is_ending_) {
    if (!is_running_) {
      changed_.Wait(&mutex_);
      continue;
    }
    const absl::Duration left = TimeLeft();
    if (left <= absl::ZeroDuration()) {
      is_running_ = false;
      return true;
    }
    changed_.WaitWithTimeout(&mutex_, left);
  }
  return false;
}

}  // namespace tallyman::base
