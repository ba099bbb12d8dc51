#include "stacks/model/signal_table.h"

#include <optional>
#include <string_view>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"

namespace tallyman::stacks {

bool IsProgramSignal(std::string_view name) {
  return absl::c_linear_search(kProgramSignals, name);
}

std::optional<int> ProgramSignalNumber(std::string_view name) {
  if (!IsProgramSignal(name)) return std::nullopt;
  for (const Signal& signal : AllSignals()) {
    if (absl::EqualsIgnoreCase(signal.name, name)) return signal.number;
  }
  return std::nullopt;
}

}  // namespace tallyman::stacks
