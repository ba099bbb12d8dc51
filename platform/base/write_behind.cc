#include "platform/base/write_behind.h"

#include <functional>
#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace tallyman::base {

WriteBehind::WriteBehind(absl::Duration interval, std::function<void()> write)
    : interval_(interval),
      write_(std::move(write)),
      thread_([this] { Run(); }) {}

WriteBehind::~WriteBehind() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  thread_.join();
  if (pending_.load()) write_();
}

void WriteBehind::Notify() {
  // All accesses are sequentially consistent. So where this reads true, the
  // exchange in Run() that sets it to false comes later, and the write that
  // follows it sees what the caller has changed.
  if (pending_.load() || pending_.exchange(true)) return;
  // Unlocking makes the sleeping thread look at its condition again.
  absl::MutexLock lock(&mutex_);
}

void WriteBehind::Run() {
  absl::MutexLock lock(&mutex_);
  while (true) {
    mutex_.Await(absl::Condition(this, &WriteBehind::Woken));
    if (stop_) return;
    mutex_.Unlock();
    pending_.exchange(false);
    write_();
    mutex_.Lock();
    mutex_.AwaitWithTimeout(absl::Condition(&stop_), interval_);
  }
}

}  // namespace tallyman::base
