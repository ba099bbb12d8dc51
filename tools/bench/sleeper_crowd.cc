#include "tools/bench/sleeper_crowd.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "tools/bench/interruption.h"
#include "tools/bench/line_child.h"

namespace tallyman::bench {

absl::StatusOr<SleeperCrowd> StartSleepers(const std::string& program,
                                           int64_t count) {
  constexpr absl::Duration kStartTimeout = absl::Seconds(60);
  constexpr absl::Duration kRest = absl::Seconds(1);
  absl::StatusOr<std::unique_ptr<LineChild>> starter =
      LineChild::Start({program, absl::StrCat(count)});
  if (!starter.ok()) return starter.status();
  const absl::StatusOr<std::string> line = (*starter)->ReadLine(kStartTimeout);
  if (absl::IsCancelled(line.status())) return line.status();
  SleeperCrowd crowd = {.starter = *std::move(starter)};
  std::string_view text = line.ok() ? *line : std::string_view();
  if (!absl::ConsumePrefix(&text, "ready ") ||
      !absl::SimpleAtoi(text, &crowd.last_pid)) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "can't start ", count, " sleeping processes (ulimit -u, memory)"));
  }
  if (absl::Status rested = Rest(kRest); !rested.ok()) return rested;
  return crowd;
}

}  // namespace tallyman::bench
