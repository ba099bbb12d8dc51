// How a process is stopped: signals and the time to wait after each.

#ifndef TALLYMAN_STACKS_MODEL_STOP_SEQUENCE_H_
#define TALLYMAN_STACKS_MODEL_STOP_SEQUENCE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tallyman::stacks {

inline constexpr size_t kMaxStopSteps = 16;                     // of a sequence
inline constexpr absl::Duration kMaxStopWait = absl::Hours(1);  // of a step

struct StopStep {
  int signal = 0;
  absl::Duration wait;  // After this signal; zero after the last.
  bool operator==(const StopStep&) const = default;
};

// Signals, each but the last followed by the time to wait for it. What is left
// then is killed.
struct StopSequence {
  std::vector<StopStep> steps;  // The last one is always SIGKILL.

  // SIGTERM, 10 s, SIGKILL.
  static StopSequence Default();

  // "term,10,kill": names of signals (any case, with or without "sig"; or
  // numbers are not allowed) and seconds (integers or decimals, 0 to 3600) by
  // turns, beginning with a signal. ",kill" is added where it is missing, after
  // 10 s if the last is a signal. Nothing comes after "kill". InvalidArgument
  // names the item and its position, counted from 1.
  static absl::StatusOr<StopSequence> Parse(std::string_view text);

  // As Parse reads it: "term,10,kill".
  std::string ToString() const;
  // The sum of all waits.
  absl::Duration TotalWait() const;

  bool operator==(const StopSequence&) const = default;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_MODEL_STOP_SEQUENCE_H_
