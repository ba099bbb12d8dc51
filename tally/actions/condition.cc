#include "tally/actions/condition.h"

#include <cstdint>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "platform/base/text.h"
#include "tally/actions/process_view.h"

namespace tallyman::tally {

absl::StatusOr<Condition> ParseCondition(std::string_view text) {
  if (text == "running") return Condition{.kind = Condition::Kind::kRunning};
  if (text == "stopped") return Condition{.kind = Condition::Kind::kStopped};
  std::string_view digits = text;
  int64_t count = 0;
  if (absl::ConsumePrefix(&digits, "count=") && !digits.empty() &&
      absl::c_all_of(digits, absl::ascii_isdigit) &&
      absl::SimpleAtoi(digits, &count)) {
    return Condition{.kind = Condition::Kind::kCount, .count = count};
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--for: ", base::Quote(text),
                   " is none of running, stopped and count=N"));
}

bool Holds(const Condition& condition, const ProcessView& process) {
  const bool all_run = absl::c_all_of(
      process.instances,
      [](const InstanceView& instance) { return instance.runs(); });
  switch (condition.kind) {
    case Condition::Kind::kRunning:
      return all_run &&
             absl::c_all_of(process.servers, [](const ServerCounts& counts) {
               return counts.running == counts.desired;
             });
    case Condition::Kind::kStopped:
      return process.running() == 0 && process.instances.empty();
    case Condition::Kind::kCount:
      return all_run && process.running() == condition.count;
  }
  return false;
}

bool SettledCondition::Look(const std::vector<ProcessView>& processes,
                            absl::Duration elapsed) {
  std::set<int64_t> pids;
  for (const ProcessView& process : processes) {
    if (!Holds(condition_, process)) {
      pids_.clear();
      return false;
    }
    for (const InstanceView& instance : process.instances) {
      pids.insert(instance.pid);
    }
  }
  if (pids.empty()) return true;
  if (pids != pids_) {
    pids_ = std::move(pids);
    since_ = elapsed;
  }
  return elapsed - since_ >= kSettleTime;
}

}  // namespace tallyman::tally
