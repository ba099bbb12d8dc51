// Pings a service manager while the threads of the server make progress.
//
//   std::unique_ptr<Watchdog> watchdog = Watchdog::Start(
//       loop, {.time = manager.watchdog_time(), .progress = ...,
//              .ping = [&] { manager.Ping(); }});

#ifndef TALLYMAN_SERVER_LIFECYCLE_WATCHDOG_H_
#define TALLYMAN_SERVER_LIFECYCLE_WATCHDOG_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "platform/base/event_loop.h"

namespace tallyman::server {

// A thread that works in rounds.
struct Progress {
  std::string_view name;  // For the log; a constant.
  uint64_t rounds = 0;
};

// Pings at half the time if each thread has made a round since the last ping,
// else as soon as it has, which is looked at ten times within the time. So a
// thread that hangs leads to no ping, and so does the thread of the loop.
//
// Belongs to the thread of the loop.
class Watchdog {
 public:
  struct Options {
    absl::Duration time;  // Above zero.
    // The threads, always in the same order, and whether they make progress: it
    // also asks each for one more round, which costs an idle one a wake-up.
    // Threads that begin or end between two calls count as progress. Must not
    // block.
    std::function<std::vector<Progress>()> progress;
    std::function<void()> ping;
    // The first thread that has made no round for half the time; called once
    // until it has. May be empty.
    std::function<void(std::string_view name)> on_hang;
  };

  // `loop` must outlive the result.
  static std::unique_ptr<Watchdog> Start(base::EventLoop& loop,
                                         Options options);

  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  Watchdog(base::EventLoop& loop, Options options);

  void Check();
  // The name of a thread that is where it was at the last ping, or "".
  std::string_view FindHanging(const std::vector<Progress>& now) const;

  base::EventLoop& loop_;
  const Options options_;
  std::vector<Progress> last_;  // At the last ping.
  bool hangs_ = false;
  base::EventLoop::Registration timer_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_LIFECYCLE_WATCHDOG_H_
