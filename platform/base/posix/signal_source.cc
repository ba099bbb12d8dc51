#include "platform/base/signal_source.h"

#include <pthread.h>
#include <signal.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/posix/nonblocking_pipe.h"
#include "platform/base/posix/signal_set.h"

namespace tallyman::base {
namespace {

constexpr size_t kSignals = 65;

// Where the handler writes the number of a signal; null: nowhere. Lock-free, as
// a handler needs.
std::array<std::atomic<const NonblockingPipe*>, kSignals> pipes;

void Handle(int signal) {
  const int error = errno;
  if (const NonblockingPipe* const pipe =
          pipes.at(static_cast<size_t>(signal)).load()) {
    pipe->Put(static_cast<unsigned char>(signal));
  }
  errno = error;
}

}  // namespace

struct SignalSource::State {
  struct Former {
    int signal = 0;
    struct sigaction action = {};
  };

  explicit State(NonblockingPipe made) : pipe(std::move(made)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // Blocked again first: nothing comes between the handlers and the end.
  ~State() {
    std::vector<int> signals;
    for (const Former& each : former) signals.push_back(each.signal);
    BlockSignals(signals);
    for (const Former& each : former) {
      sigaction(each.signal, &each.action, nullptr);
      pipes.at(static_cast<size_t>(each.signal)).store(nullptr);
    }
  }

  NonblockingPipe pipe;
  std::vector<Former> former;
};

SignalSource::SignalSource(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
SignalSource::SignalSource(SignalSource&&) noexcept = default;
SignalSource& SignalSource::operator=(SignalSource&&) noexcept = default;
SignalSource::~SignalSource() = default;

absl::StatusOr<SignalSource> SignalSource::Create(
    absl::Span<const int> signals) {
  absl::StatusOr<NonblockingPipe> pipe = NonblockingPipe::Create();
  if (!pipe.ok()) return pipe.status();
  auto state = std::make_unique<State>(*std::move(pipe));
  struct sigaction action = {};
  action.sa_handler = Handle;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  for (const int signal : signals) {
    pipes.at(static_cast<size_t>(signal)).store(&state->pipe);
    State::Former former = {.signal = signal};
    if (sigaction(signal, &action, &former.action) != 0) {
      return absl::ErrnoToStatus(errno, "sigaction");
    }
    state->former.push_back(former);
  }
  // The calling thread handles what was blocked until now.
  const sigset_t set = SignalSet(signals);
  CHECK_EQ(pthread_sigmask(SIG_UNBLOCK, &set, nullptr), 0);
  return SignalSource(std::move(state));
}

int SignalSource::fd() const { return state_->pipe.read_end(); }

std::optional<int> SignalSource::Read() {
  const std::optional<unsigned char> byte = state_->pipe.Take();
  if (!byte) return std::nullopt;
  return static_cast<int>(*byte);
}

}  // namespace tallyman::base
