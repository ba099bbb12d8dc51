#include "platform/process.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tallyman::platform {
namespace {

// Indexed by the value of ProcessState.
constexpr std::array<std::string_view, 10> kStateNames = {
    "",       "running", "sleeping", "disk-sleep", "stopped", "tracing-stop",
    "zombie", "dead",    "idle",     "parked"};

}  // namespace

std::string_view ProcessStateName(ProcessState state) {
  return kStateNames[static_cast<size_t>(state)];
}

std::optional<ProcessState> ParseProcessState(std::string_view name) {
  for (size_t i = 1; i < kStateNames.size(); ++i) {
    if (kStateNames[i] == name) return static_cast<ProcessState>(i);
  }
  return std::nullopt;
}

ProcessFields DecisiveFields(const ProcessQuery& query) {
  ProcessFields fields;
  if (query.condition) fields |= query.condition_fields;
  if (query.order) fields |= query.order_fields;
  return fields;
}

std::string CommandLine(const Process& process) {
  std::string line(process.arguments);
  std::replace(line.begin(), line.end(), '\0', ' ');
  return line;
}

}  // namespace tallyman::platform
