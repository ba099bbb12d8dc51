#include "platform/process_details.h"

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace tallyman::platform {

absl::StatusOr<ProcessDetails> ReadProcessDetails(
    const std::string& /*proc_root*/, int32_t /*pid*/) {
  return ProcessDetails();
}

}  // namespace tallyman::platform
