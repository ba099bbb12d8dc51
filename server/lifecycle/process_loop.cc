#include "server/lifecycle/process_loop.h"

#include <unistd.h>

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
  std::unique_ptr<OrphanReaper> orphan_reaper;  // Null unless process 1.
  std::optional<base::LoopThread> thread;  // Last: it uses all of the above.
};

bool IsInit() { return getpid() == 1; }

}  // namespace

void BlockProcessSignals() {
  StopSignals::Block();
  if (IsInit()) OrphanReaper::Block();
}

absl::Status StartProcessLoop(StopSignals::Callbacks callbacks,
                              absl::Duration stop_deadline) {
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
  if (IsInit()) {
    auto reaper = OrphanReaper::Watch(*process_loop.loop);
    if (!reaper.ok()) return reaper.status();
    process_loop.orphan_reaper = *std::move(reaper);
  }
  process_loop.thread.emplace(*process_loop.loop);
  return absl::OkStatus();
}

}  // namespace tallyman::server
