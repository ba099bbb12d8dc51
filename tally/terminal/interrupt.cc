#include "tally/terminal/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <functional>
#include <thread>
#include <utility>

#include "absl/base/no_destructor.h"
#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace tallyman::tally {
namespace {

struct State {
  absl::Mutex mutex;
  int signal ABSL_GUARDED_BY(mutex) = 0;
  std::function<void()> action ABSL_GUARDED_BY(mutex);
};

State& GlobalState() {
  static absl::NoDestructor<State> state;
  return *state;
}

sigset_t HandledSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGHUP);
  return signals;
}

[[noreturn]] void TakeSignals() {
  const sigset_t signals = HandledSignals();
  State& state = GlobalState();
  while (true) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    const absl::MutexLock lock(&state.mutex);
    if (state.signal != 0 || !state.action) _exit(128 + signal);
    state.signal = signal;
    state.action();
  }
}

}  // namespace

void HandleInterrupts() {
  signal(SIGPIPE, SIG_IGN);
  const sigset_t signals = HandledSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread(TakeSignals).detach();
}

int InterruptSignal() {
  State& state = GlobalState();
  const absl::MutexLock lock(&state.mutex);
  return state.signal;
}

bool SleepUnlessInterrupted(absl::Duration duration) {
  State& state = GlobalState();
  const absl::MutexLock lock(&state.mutex);
  return !state.mutex.AwaitWithTimeout(
      absl::Condition(
          +[](int* signal) { return *signal != 0; }, &state.signal),
      duration);
}

ScopedInterrupt::ScopedInterrupt(std::function<void()> action) {
  State& state = GlobalState();
  const absl::MutexLock lock(&state.mutex);
  state.action = std::move(action);
  if (state.signal != 0) state.action();
}

ScopedInterrupt::~ScopedInterrupt() {
  State& state = GlobalState();
  const absl::MutexLock lock(&state.mutex);
  state.action = nullptr;
}

}  // namespace tallyman::tally
