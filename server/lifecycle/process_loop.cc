#include "server/lifecycle/process_loop.h"

#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "platform/base/loop_thread.h"
#include "server/lifecycle/orphan_reaper.h"
#include "server/lifecycle/stop_signals.h"

namespace tallyman::server {
namespace {

struct ProcessLoop {
  std::unique_ptr<base::EventLoop> loop;
  std::unique_ptr<StopSignals> stop_signals;
  base::EventLoop::Registration reload;
  std::unique_ptr<OrphanReaper> orphan_reaper;  // Null unless process 1.
  std::optional<base::LoopThread> thread;  // Last: it uses all of the above.
};

constexpr std::array<int, 1> kReloadSignals = {SIGHUP};

bool IsInit() { return getpid() == 1; }

}  // namespace

void BlockProcessSignals(bool reloads) {
  StopSignals::Block();
  if (reloads) base::EventLoop::BlockSignals(kReloadSignals);
  if (IsInit()) OrphanReaper::Block();
}

absl::Status StartProcessLoop(StopSignals::Callbacks callbacks,
                              absl::Duration stop_deadline,
                              std::function<void()> reload) {
  // Never destroyed: exit(3) must not end the thread.
  static ProcessLoop& process_loop = *new ProcessLoop;
  absl::StatusOr<std::unique_ptr<base::EventLoop>> loop =
      base::EventLoop::Create();
  if (!loop.ok()) return loop.status();
  process_loop.loop = *std::move(loop);
  auto stop_signals = StopSignals::Watch(*process_loop.loop,
                                         std::move(callbacks), stop_deadline);
  if (!stop_signals.ok()) return stop_signals.status();
  process_loop.stop_signals = *std::move(stop_signals);
  if (reload) {
    auto reloading = process_loop.loop->WatchSignals(
        kReloadSignals, [reload = std::move(reload)](int) { reload(); });
    if (!reloading.ok()) return reloading.status();
    process_loop.reload = *std::move(reloading);
  }
  if (IsInit()) {
    auto reaper = OrphanReaper::Watch(*process_loop.loop);
    if (!reaper.ok()) return reaper.status();
    process_loop.orphan_reaper = *std::move(reaper);
  }
  process_loop.thread.emplace(*process_loop.loop);
  return absl::OkStatus();
}

}  // namespace tallyman::server
