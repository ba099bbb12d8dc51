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
  // All accesses are sequentially consistent: if this reads true, the exchange
  // in Run() comes later, and the write after that sees the caller's changes.
  if (pending_.load() || pending_.exchange(true)) return;
  // The unlock makes absl::Mutex evaluate the condition of the sleeping thread.
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
