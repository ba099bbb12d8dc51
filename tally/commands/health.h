// Words for the numbers of the API's health.

#ifndef TALLYMAN_TALLY_COMMANDS_HEALTH_H_
#define TALLYMAN_TALLY_COMMANDS_HEALTH_H_

#include <cstdint>
#include <string_view>

#include "tally/terminal/output.h"

namespace tallyman::tally {

struct HealthWord {
  std::string_view word;
  Style style;
};

// Of `health` of stacks and `health_state` of servers.
constexpr HealthWord HealthOf(int64_t number) {
  switch (number) {
    case 1:
      return {"building", Style::kPlain};
    case 2:
      return {"impaired", Style::kYellow};
    case 3:
      return {"healthy", Style::kGreen};
    case 4:
      return {"failed", Style::kRed};
    default:
      return {"unknown", Style::kYellow};
  }
}

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_HEALTH_H_
