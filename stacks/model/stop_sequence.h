// The sequence that stops a process: signals and the time to wait after each.
//
// Example: stacks/model/definition_example_test.cc

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

// Sends each signal and waits for its time, until no process is left. The last
// signal is SIGKILL.
struct StopSequence {
  std::vector<StopStep> steps;  // The last one is SIGKILL.

  // SIGTERM, 10 s, SIGKILL.
  static StopSequence Default();

  // Parses "term,10,kill": alternately a signal and seconds, beginning with a
  // signal. A signal is a name, in any case, with or without "sig"; not a
  // number. Seconds are an integer or a decimal from 0 to 3600. Appends a
  // missing final "kill", 10 s after a final signal. Refuses items after
  // "kill". InvalidArgument names the item and its position, counted from 1.
  static absl::StatusOr<StopSequence> Parse(std::string_view text);

  // The form that Parse() reads: "term,10,kill".
  std::string ToString() const;
  // The sum of all waits.
  absl::Duration TotalWait() const;

  bool operator==(const StopSequence&) const = default;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_MODEL_STOP_SEQUENCE_H_
