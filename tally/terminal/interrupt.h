// Ctrl-C and SIGTERM while a command waits.

#ifndef TALLYMAN_TALLY_TERMINAL_INTERRUPT_H_
#define TALLYMAN_TALLY_TERMINAL_INTERRUPT_H_

#include <functional>

#include "absl/time/time.h"

namespace tallyman::tally {

// Blocks SIGINT, SIGTERM and SIGHUP in this thread and in those that it starts
// later, and takes them in a thread of its own; ignores SIGPIPE. Call it once,
// before any other thread is there.
//
// A signal ends the process at once with 128 and its number, unless a
// ScopedInterrupt exists; with one, the first signal calls it, and a second one
// ends the process.
void HandleInterrupts();

// The first signal since HandleInterrupts(); 0: none came. Thread-safe.
int InterruptSignal();
inline bool IsInterrupted() { return InterruptSignal() != 0; }

// Sleeps for `duration`; false at once if IsInterrupted(), also later.
bool SleepUnlessInterrupted(absl::Duration duration);

// While it exists, the first signal calls `action`, on another thread. If a
// signal has come before, it calls it at once. One at a time.
class ScopedInterrupt {
 public:
  explicit ScopedInterrupt(std::function<void()> action);
  // Waits for a call under way.
  ~ScopedInterrupt();
  ScopedInterrupt(const ScopedInterrupt&) = delete;
  ScopedInterrupt& operator=(const ScopedInterrupt&) = delete;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TERMINAL_INTERRUPT_H_
