#include "server/lifecycle/linux/orphan_reaper.h"

#include <sys/wait.h>

#include <array>
#include <csignal>
#include <memory>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/statusor.h"
#include "platform/base/event_loop.h"
#include "platform/base/signal_source.h"

namespace tallyman::server {
namespace {

constexpr std::array<int, 1> kChildSignals = {SIGCHLD};

// Several children may have ended for one signal (signal(7)).
void ReapAll() {
  while (waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

}  // namespace

void OrphanReaper::Block() { base::BlockSignals(kChildSignals); }

OrphanReaper::OrphanReaper(base::EventLoop::Registration signals)
    : signals_(std::move(signals)) {}

absl::StatusOr<std::unique_ptr<OrphanReaper>> OrphanReaper::Watch(
    base::EventLoop& loop) {
  auto signals =
      loop.WatchSignals(kChildSignals, [](int /*signal*/) { ReapAll(); });
  if (!signals.ok()) return signals.status();
  // Children that ended before SIGCHLD was blocked.
  ReapAll();
  return absl::WrapUnique(new OrphanReaper(*std::move(signals)));
}

}  // namespace tallyman::server
