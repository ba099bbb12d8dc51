// Writes behind: a thread that saves what has changed, at most once in a while.
//
//   WriteBehind writer(absl::Seconds(1), [this] { SaveWhatHasChanged(); });
//   ...
//   writer.Notify();  // something has changed; cheap

#ifndef TALLYMAN_PLATFORM_BASE_WRITE_BEHIND_H_
#define TALLYMAN_PLATFORM_BASE_WRITE_BEHIND_H_

#include <atomic>
#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace tallyman::base {

// Calls `write` soon after a Notify(), never twice within `interval`, never two
// at a time. What was changed before a Notify() is seen by a `write` that
// starts after it. While nothing is notified the thread sleeps: it doesn't
// poll.
//
// The destructor calls `write` once more if something is pending, and waits for
// it. Notify() is thread-safe.
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

  // Set by the first Notify() after a write, which also wakes the thread; the
  // others only read it.
  std::atomic<bool> pending_ = false;
  absl::Mutex mutex_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_WRITE_BEHIND_H_
