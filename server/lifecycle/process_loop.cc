#include "server/lifecycle/process_loop.h"

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "platform/base/loop_thread.h"
#include "platform/base/signal_source.h"
#include "server/lifecycle/process_duties.h"
#include "server/lifecycle/stop_signals.h"
#include "server/lifecycle/watchdog.h"

namespace tallyman::server {
namespace {

struct ProcessLoop {
  std::unique_ptr<base::EventLoop> loop;
  std::unique_ptr<StopSignals> stop_signals;
  base::EventLoop::Registration reload;
  std::shared_ptr<void> duties;
  std::unique_ptr<Watchdog> watchdog;
  std::optional<base::LoopThread> thread;  // Last: it uses all of the above.
};

}  // namespace

void BlockProcessSignals(bool reloads) {
  StopSignals::Block();
  if (reloads) base::BlockSignals(ReloadSignals());
  BlockDutySignals();
}

absl::Status StartProcessLoop(StopSignals::Callbacks callbacks,
                              absl::Duration stop_deadline,
                              std::function<void()> reload,
                              std::optional<Watchdog::Options> watchdog) {
  // Never destroyed: exit(3) must not end the thread.
  static ProcessLoop& process_loop = *new ProcessLoop;
  absl::StatusOr<std::unique_ptr<base::EventLoop>> loop =
      base::EventLoop::Create();
  if (!loop.ok()) return loop.status();
  process_loop.loop = *std::move(loop);
  auto stop_signals = StopSignals::Watch(
      *process_loop.loop, std::move(callbacks), {.stop = stop_deadline});
  if (!stop_signals.ok()) return stop_signals.status();
  process_loop.stop_signals = *std::move(stop_signals);
  if (reload) {
    auto reloading = process_loop.loop->WatchSignals(
        ReloadSignals(), [reload = std::move(reload)](int) { reload(); });
    if (!reloading.ok()) return reloading.status();
    process_loop.reload = *std::move(reloading);
  }
  absl::StatusOr<std::shared_ptr<void>> duties =
      StartDuties(*process_loop.loop);
  if (!duties.ok()) return duties.status();
  process_loop.duties = *std::move(duties);
  if (watchdog) {
    process_loop.watchdog =
        Watchdog::Start(*process_loop.loop, *std::move(watchdog));
  }
  process_loop.thread.emplace(*process_loop.loop);
  return absl::OkStatus();
}

}  // namespace tallyman::server
