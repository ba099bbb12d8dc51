// What `tally wait --for` waits for.
//
// Example: tally/actions/condition_test.cc

#ifndef TALLYMAN_TALLY_ACTIONS_CONDITION_H_
#define TALLYMAN_TALLY_ACTIONS_CONDITION_H_

#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tally/actions/process_view.h"

namespace tallyman::tally {

struct Condition {
  enum class Kind {
    kRunning,  // On each server, as many run as are desired.
    kStopped,  // No instance exists.
    kCount     // In all, `count` instances of each process run.
  };
  Kind kind = Kind::kRunning;
  int64_t count = 0;
};

// Reads "running", "stopped" or "count=N". InvalidArgument quotes another text.
absl::StatusOr<Condition> ParseCondition(std::string_view text);

bool Holds(const Condition& condition, const ProcessView& process);

// Whether a condition holds for good: programs that end at once run for a
// moment, too. Not thread-safe.
class SettledCondition {
 public:
  // How long the same programs must run.
  static constexpr absl::Duration kSettleTime = absl::Seconds(1);

  explicit SettledCondition(const Condition& condition)
      : condition_(condition) {}

  // `processes` are as they are at the time `elapsed`. kStopped, and other
  // conditions without instances, hold at once.
  bool Look(const std::vector<ProcessView>& processes, absl::Duration elapsed);

 private:
  const Condition condition_;
  std::set<int64_t> pids_;  // At the last look, if the condition held then.
  absl::Duration since_;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_ACTIONS_CONDITION_H_
