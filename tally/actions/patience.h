// Waits for results of a server, also while it is restarted, until a timeout.
//
//   Patience patience(clock, {.timeout = absl::Minutes(5)});
//   absl::Status status = patience.Until([&]() -> absl::StatusOr<bool> {
//     absl::StatusOr<Json> action = api.Get(path);
//     ...
//   });
//
// Example: tally/actions/patience_test.cc

#ifndef TALLYMAN_TALLY_ACTIONS_PATIENCE_H_
#define TALLYMAN_TALLY_ACTIONS_PATIENCE_H_

#include <functional>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tallyman::tally {

// Elapsed time, and sleep. Not thread-safe.
class WaitClock {
 public:
  virtual ~WaitClock() = default;

  // Since some fixed moment; never goes back.
  virtual absl::Duration Elapsed() = 0;
  // False as soon as the user has interrupted the program.
  virtual bool Sleep(absl::Duration duration) = 0;
};

// A steady clock, whose sleep ends with IsInterrupted() of interrupt.h.
class SteadyWaitClock final : public WaitClock {
 public:
  absl::Duration Elapsed() override;
  bool Sleep(absl::Duration duration) override;
};

// Whether the same request may succeed a little later: no connection, an error
// of the server (5xx, but not 501), or too many requests.
bool IsTransient(const absl::Status& status);

// Not thread-safe. `clock` must outlive it.
//
// Errors of both functions, besides those of the callback: DeadlineExceeded
// after the timeout, Cancelled after an interrupt.
class Patience {
 public:
  struct Options {
    // Since the construction.
    absl::Duration timeout = absl::InfiniteDuration();
    // An outage of the server that is longer than this is an error.
    absl::Duration max_outage = absl::Minutes(2);
    // At the first failure of an outage, and at the first success after it.
    std::function<void(const absl::Status& why)> on_outage = nullptr;
    std::function<void()> on_return = nullptr;
  };

  Patience(WaitClock& clock, Options options)
      : clock_(clock), options_(std::move(options)), began_(clock.Elapsed()) {}

  absl::Duration elapsed() const { return clock_.Elapsed() - began_; }
  absl::Duration timeout() const { return options_.timeout; }

  // Calls `attempt` until it returns no transient error, with pauses that grow
  // from 100 ms to 2 s.
  absl::Status Try(absl::FunctionRef<absl::Status()> attempt);

  // Calls `look` until it returns true, with pauses of a tenth of the time
  // since the first look, from 50 ms to 5 s: a result is late by a tenth at
  // most, and an hour costs about 720 looks. Passes over transient errors as
  // Try() does.
  absl::Status Until(absl::FunctionRef<absl::StatusOr<bool>()> look);

  // Sleeps. Cancelled after an interrupt, DeadlineExceeded if the timeout comes
  // first.
  absl::Status Pause(absl::Duration duration);

 private:
  WaitClock& clock_;
  const Options options_;
  const absl::Duration began_;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_ACTIONS_PATIENCE_H_
