#include "platform/base/signal_source.h"

#include <windows.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/windows/loopback_signal.h"

namespace tallyman::base {
namespace {

constexpr size_t kSignals = 32;

// Where the handler, which runs on a thread of its own, writes the number of a
// signal; null: nowhere.
std::array<std::atomic<const LoopbackSignal*>, kSignals> sockets;

BOOL WINAPI Handle(DWORD event) {
  const int signal = event == CTRL_C_EVENT ? SIGINT : SIGTERM;
  const LoopbackSignal* const socket =
      sockets.at(static_cast<size_t>(signal)).load();
  if (socket == nullptr) return FALSE;
  socket->Put(static_cast<unsigned char>(signal));
  // Windows ends the process when this returns for the end of the console, of
  // the session or of the system, at the latest after 5 seconds
  // (HandlerRoutine of Console.h). Until then the process ends by itself.
  if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT) Sleep(INFINITE);
  return TRUE;
}

}  // namespace

struct SignalSource::State {
  explicit State(LoopbackSignal made) : socket(std::move(made)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    SetConsoleCtrlHandler(Handle, FALSE);
    for (const int signal : signals) {
      sockets.at(static_cast<size_t>(signal)).store(nullptr);
    }
  }

  LoopbackSignal socket;
  std::vector<int> signals;
};

void BlockSignals(absl::Span<const int> /*signals*/) {}

SignalSource::SignalSource(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
SignalSource::SignalSource(SignalSource&&) noexcept = default;
SignalSource& SignalSource::operator=(SignalSource&&) noexcept = default;
SignalSource::~SignalSource() = default;

absl::StatusOr<SignalSource> SignalSource::Create(
    absl::Span<const int> signals) {
  absl::StatusOr<LoopbackSignal> socket = LoopbackSignal::Create();
  if (!socket.ok()) return socket.status();
  auto state = std::make_unique<State>(*std::move(socket));
  for (const int signal : signals) {
    state->signals.push_back(signal);
    sockets.at(static_cast<size_t>(signal)).store(&state->socket);
  }
  if (SetConsoleCtrlHandler(Handle, TRUE) == 0) {
    return absl::UnavailableError("SetConsoleCtrlHandler failed");
  }
  return SignalSource(std::move(state));
}

int SignalSource::fd() const { return state_->socket.fd(); }

std::optional<int> SignalSource::Read() {
  const std::optional<unsigned char> byte = state_->socket.Take();
  if (!byte) return std::nullopt;
  return static_cast<int>(*byte);
}

}  // namespace tallyman::base
