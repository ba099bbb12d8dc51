// A thread that saves changes later, and at most once in an interval.
//
//   WriteBehind writer(absl::Seconds(1), [this] { SaveChanges(); });
//   ...
//   writer.Notify();  // After a change; cheap.

#ifndef TALLYMAN_PLATFORM_BASE_WRITE_BEHIND_H_
#define TALLYMAN_PLATFORM_BASE_WRITE_BEHIND_H_

#include <atomic>
#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace tallyman::base {

// Its thread calls `write` soon after a Notify(), and then not again before
// `interval` has passed since the end of the last `write`. A `write` that sees
// the changes before a Notify() always follows it. Without a Notify() the
// thread sleeps.
//
// The destructor waits for a `write` in progress, and calls `write` itself if a
// notification is pending. Notify() is thread-safe.
class WriteBehind {
 public:
  WriteBehind(absl::Duration interval, std::function<void()> write);
  WriteBehind(const WriteBehind&) = delete;
  WriteBehind& operator=(const WriteBehind&) = delete;
  ~WriteBehind();

  void Notify();

 private:
  void Run();
  bool Woken() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stop_ || pending_.load();
  }

  const absl::Duration interval_;
  const std::function<void()> write_;

  // The first Notify() after a write sets this and wakes the thread; the others
  // only read it.
  std::atomic<bool> pending_ = false;
  absl::Mutex mutex_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_WRITE_BEHIND_H_
