// Turns SIGTERM and SIGINT into an orderly stop, and ends the process if that
// takes too long.
//
//   StopSignals::Block();  // while the process has one thread
//   base::EventLoop loop;
//   auto signals = StopSignals::Watch(loop, {.stop = ..., .give_up = ...},
//                                     {.stop = absl::Seconds(10)});
//   base::LoopThread thread(loop);

#ifndef TALLYMAN_SERVER_LIFECYCLE_STOP_SIGNALS_H_
#define TALLYMAN_SERVER_LIFECYCLE_STOP_SIGNALS_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/event_loop.h"

namespace tallyman::server {

// The first signal begins the stop. A second signal, or the limit, ends the
// process with exit code 0, from any state: a callback or a destructor that
// hangs does not prevent that. Belongs to the thread of the loop.
class StopSignals {
 public:
  // Each is called at most once, on a detached thread of its own, so it may
  // block. It may run until the process ends; so must all that it uses.
  struct Callbacks {
    // On the first signal: lets the process finish and exit by itself.
    std::function<void()> stop;
    // On the second signal or at the limit, before the process ends. The
    // process ends when this returns, or when its time is over.
    std::function<void()> give_up;
  };

  // How long each callback may take.
  struct Limits {
    // From the first signal; then the process gives up.
    absl::Duration stop;
    // From giving up; then the process ends.
    absl::Duration give_up = absl::Seconds(1);
  };

  // Blocks the two signals in the calling thread and in threads that it starts
  // from now on. Call it before the process has a second thread.
  static void Block();

  // Watches until destroyed. `loop` must outlive the result. Errors as
  // EventLoop::WatchSignals().
  static absl::StatusOr<std::unique_ptr<StopSignals>> Watch(
      base::EventLoop& loop, Callbacks callbacks, Limits limits);

  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  enum class Phase { kRunning, kStopping, kGivingUp };

  StopSignals(base::EventLoop& loop, Callbacks callbacks, Limits limits);

  void OnSignal();
  void GiveUp();

  base::EventLoop& loop_;
  const Callbacks callbacks_;
  const Limits limits_;
  Phase phase_ = Phase::kRunning;
  base::EventLoop::Registration signals_;
  base::EventLoop::Registration timer_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_LIFECYCLE_STOP_SIGNALS_H_
