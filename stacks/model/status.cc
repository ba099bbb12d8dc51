#include "stacks/model/status.h"

#include <string>
#include <string_view>
#include <utility>

namespace tallyman::stacks {

std::string_view InstanceStateName(InstanceState state) {
  switch (state) {
    case InstanceState::kStarting:
      return "starting";
    case InstanceState::kRunning:
      return "running";
    case InstanceState::kPaused:
      return "paused";
    case InstanceState::kStopping:
      return "stopping";
    case InstanceState::kWaiting:
      return "waiting";
    case InstanceState::kCrashLooping:
      return "crash-looping";
  }
  return "";
}

const ProcessStatus* StatusSnapshot::Find(std::string_view stack_uid,
                                          std::string_view process) const {
  const auto found =
      processes.find(std::pair(std::string(stack_uid), std::string(process)));
  return found == processes.end() ? nullptr : found->second.get();
}

}  // namespace tallyman::stacks
