#include "server/lifecycle/process_duties.h"

#include <array>
#include <csignal>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/event_loop.h"

namespace tallyman::server {
namespace {

constexpr std::array<int, 1> kReloadSignals = {SIGHUP};

}  // namespace

absl::Span<const int> ReloadSignals() { return kReloadSignals; }

void BlockDutySignals() {}

absl::StatusOr<std::shared_ptr<void>> StartDuties(base::EventLoop& /*loop*/) {
  return nullptr;
}

}  // namespace tallyman::server
