#include "server/lifecycle/process_duties.h"

#include <unistd.h>

#include <array>
#include <csignal>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/event_loop.h"
#include "server/lifecycle/linux/orphan_reaper.h"

namespace tallyman::server {
namespace {

constexpr std::array<int, 1> kReloadSignals = {SIGHUP};

bool IsInit() { return getpid() == 1; }

}  // namespace

absl::Span<const int> ReloadSignals() { return kReloadSignals; }

void BlockDutySignals() {
  if (IsInit()) OrphanReaper::Block();
}

absl::StatusOr<std::shared_ptr<void>> StartDuties(base::EventLoop& loop) {
  if (!IsInit()) return nullptr;
  absl::StatusOr<std::unique_ptr<OrphanReaper>> reaper =
      OrphanReaper::Watch(loop);
  if (!reaper.ok()) return reaper.status();
  return std::shared_ptr<void>(*std::move(reaper));
}

}  // namespace tallyman::server
