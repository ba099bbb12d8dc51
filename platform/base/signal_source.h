// The signals of this process as a descriptor that becomes readable.

#ifndef TALLYMAN_PLATFORM_BASE_SIGNAL_SOURCE_H_
#define TALLYMAN_PLATFORM_BASE_SIGNAL_SOURCE_H_

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace tallyman::base {

// Blocks `signals` in the calling thread and in threads that it starts later,
// so that only a SignalSource receives them. Call it before the process has a
// second thread. Nothing to do on Windows.
void BlockSignals(absl::Span<const int> signals);

// Linux: signalfd(2). Other systems of POSIX: a handler that writes to a pipe.
// Windows: SetConsoleCtrlHandler(), where Ctrl-C is SIGINT, and Ctrl-Break and
// the end of the console, of the session or of the system are SIGTERM.
//
// Pending signals with the same number may count as one (signal(7)). At most
// one source of a process has a given signal. Not thread-safe.
class SignalSource {
 public:
  // The caller has blocked `signals` with BlockSignals(). ResourceExhausted if
  // the process or the system is out of descriptors or memory.
  static absl::StatusOr<SignalSource> Create(absl::Span<const int> signals);

  SignalSource(SignalSource&&) noexcept;
  SignalSource& operator=(SignalSource&&) noexcept;
  ~SignalSource();

  // Readable while a signal waits. Belongs to this object.
  int fd() const;

  // The next signal, nullopt if none waits.
  std::optional<int> Read();

 private:
  struct State;
  explicit SignalSource(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_SIGNAL_SOURCE_H_
