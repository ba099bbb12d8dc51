// A clock for tests, which moves only when the test says so.
//
// Example: auth/rate_limiter_example_test.cc

#ifndef TALLYMAN_AUTH_FAKE_CLOCK_H_
#define TALLYMAN_AUTH_FAKE_CLOCK_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "auth/clock.h"

namespace tallyman::auth {

// Thread-safe.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(absl::Time now) : now_(now) {}

  absl::Time Now() const override {
    absl::MutexLock lock(&mutex_);
    return now_;
  }
  absl::Duration Elapsed() const override {
    absl::MutexLock lock(&mutex_);
    return elapsed_;
  }

  // Moves both clocks.
  void Advance(absl::Duration duration) {
    absl::MutexLock lock(&mutex_);
    now_ += duration;
    elapsed_ += duration;
  }

  // Sets the wall clock; Elapsed() stays.
  void SetWall(absl::Time now) {
    absl::MutexLock lock(&mutex_);
    now_ = now;
  }

 private:
  mutable absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
  absl::Duration elapsed_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
};

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_FAKE_CLOCK_H_
