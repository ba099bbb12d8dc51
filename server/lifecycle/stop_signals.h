// Turns SIGTERM and SIGINT into an orderly stop.

#ifndef TALLYMAN_SERVER_LIFECYCLE_STOP_SIGNALS_H_
#define TALLYMAN_SERVER_LIFECYCLE_STOP_SIGNALS_H_

#include <functional>
#include <thread>

#include "absl/time/time.h"

namespace tallyman::server {

// Watches for the signals on a thread of its own, which sleeps in between.
class StopSignals {
 public:
  struct Callbacks {
    // The first signal came.
    std::function<void()> stop;
    // The deadline passed, or a second signal came: what is under way must not
    // go on. Is not expected to return.
    std::function<void()> give_up;
  };

  // Blocks the two signals in the calling thread and in those that it starts
  // from now on. Call it first of all, so that no thread takes them.
  static void Block();

  // `deadline` counts from the first signal.
  StopSignals(Callbacks callbacks, absl::Duration deadline);

  // Stops watching.
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  void Watch();

  const Callbacks callbacks_;
  const absl::Duration deadline_;
  int signal_fd_ = -1;
  int end_fd_ = -1;  // An eventfd(2) that ends the thread.
  std::thread thread_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_LIFECYCLE_STOP_SIGNALS_H_
