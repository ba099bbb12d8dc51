#include "server/lifecycle/stop_signals.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "platform/base/signal_source.h"

namespace tallyman::server {
namespace {

constexpr std::array<int, 2> kStopSignals = {SIGTERM, SIGINT};

// Skips destructors and atexit(3): one of them may be what hangs.
[[noreturn]] void EndProcess() { std::_Exit(0); }

}  // namespace

void StopSignals::Block() { base::BlockSignals(kStopSignals); }

StopSignals::StopSignals(base::EventLoop& loop, Callbacks callbacks,
                         Limits limits)
    : loop_(loop), callbacks_(std::move(callbacks)), limits_(limits) {}

absl::StatusOr<std::unique_ptr<StopSignals>> StopSignals::Watch(
    base::EventLoop& loop, Callbacks callbacks, Limits limits) {
  auto watcher =
      absl::WrapUnique(new StopSignals(loop, std::move(callbacks), limits));
  auto signals = loop.WatchSignals(
      kStopSignals,
      [self = watcher.get()](int /*signal*/) { self->OnSignal(); });
  if (!signals.ok()) return signals.status();
  watcher->signals_ = *std::move(signals);
  return watcher;
}

void StopSignals::OnSignal() {
  switch (phase_) {
    case Phase::kRunning:
      phase_ = Phase::kStopping;
      timer_ = loop_.RunAfter(limits_.stop, [this] { GiveUp(); });
      try {
        std::thread(callbacks_.stop).detach();
      } catch (const std::system_error&) {
        // The system starts no further thread. Rather risk that this blocks the
        // loop than do not stop.
        callbacks_.stop();
      }
      return;
    case Phase::kStopping:
      GiveUp();
      return;
    case Phase::kGivingUp:
      EndProcess();
  }
}

void StopSignals::GiveUp() {
  phase_ = Phase::kGivingUp;
  timer_ = loop_.RunAfter(limits_.give_up, [] { EndProcess(); });
  try {
    std::thread([give_up = callbacks_.give_up] {
      give_up();
      EndProcess();
    }).detach();
  } catch (const std::system_error&) {
    EndProcess();
  }
}

}  // namespace tallyman::server
