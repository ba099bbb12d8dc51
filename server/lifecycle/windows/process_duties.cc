#include "server/lifecycle/process_duties.h"

#include <memory>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/event_loop.h"

namespace tallyman::server {

absl::Span<const int> ReloadSignals() { return {}; }

void BlockDutySignals() {}

absl::StatusOr<std::shared_ptr<void>> StartDuties(base::EventLoop& /*loop*/) {
  return nullptr;
}

}  // namespace tallyman::server
