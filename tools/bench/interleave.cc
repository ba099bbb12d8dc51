#include "tools/bench/interleave.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tools/bench/interruption.h"
#include "tools/bench/statistics.h"

namespace tallyman::bench {
namespace {

// A measurement that takes less is repeated within a round.
constexpr double kRoundMilliseconds = 20;
constexpr double kMaxTimes = 25;
// The limit of rounds, as a multiple of those asked for.
constexpr int kMaxRoundsFactor = 5;

}  // namespace

size_t Interleave::Add(Measurement measurement) {
  entries_.push_back({.measurement = std::move(measurement)});
  return entries_.size() - 1;
}

size_t Interleave::AddSingle(Single single) {
  entries_.push_back({.measurement = [single = std::move(single)](int)
                          -> absl::StatusOr<std::vector<double>> {
                        const absl::StatusOr<double> value = single();
                        if (!value.ok()) return value.status();
                        return std::vector<double>{*value};
                      },
                      .once = true});
  return entries_.size() - 1;
}

absl::Status Interleave::Run(int repetitions, absl::Duration at_least,
                             absl::FunctionRef<void(int)> progress) {
  using Clock = std::chrono::steady_clock;
  Clock::time_point deadline;
  for (int i = 0; i <= repetitions * kMaxRoundsFactor; ++i) {
    if (i == 1) deadline = Clock::now() + absl::ToChronoMilliseconds(at_least);
    if (i > repetitions && Clock::now() > deadline) break;
    if (i <= repetitions) progress(i);
    for (size_t turn = 0; turn < entries_.size(); ++turn) {
      // Every other round runs backwards: each measurement finds in the caches
      // the data of the one before.
      Entry& entry = entries_[i % 2 == 0 ? turn : entries_.size() - 1 - turn];
      if (absl::Status status = CheckInterruption(); !status.ok()) {
        return status;
      }
      const absl::StatusOr<std::vector<double>> values =
          entry.measurement(entry.times);
      if (!values.ok()) return values.status();
      const double median = Median(*values);
      if (i > 0) {
        entry.samples.push_back(median);
      } else if (!entry.once && median > 0) {
        entry.times = static_cast<int>(
            std::clamp(kRoundMilliseconds / median, 1.0, kMaxTimes));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace tallyman::bench
