#include "tools/bench/sleeper_crowd.h"

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "tools/bench/child_process.h"
#include "tools/bench/interruption.h"

namespace tallyman::bench {

absl::StatusOr<std::unique_ptr<SleeperCrowd>> SleeperCrowd::Start(
    const std::string& program, int64_t count) {
  constexpr absl::Duration kStartWait = absl::Seconds(60);
  constexpr absl::Duration kRest = absl::Seconds(1);
  absl::StatusOr<std::unique_ptr<ChildProcess>> child =
      ChildProcess::Start({program, absl::StrCat(count)});
  if (!child.ok()) return child.status();
  const absl::StatusOr<std::string> line = (*child)->ReadLine(kStartWait);
  if (absl::IsCancelled(line.status())) return line.status();
  pid_t last_pid = 0;
  std::string_view text = line.ok() ? *line : std::string_view();
  if (!absl::ConsumePrefix(&text, "ready ") ||
      !absl::SimpleAtoi(text, &last_pid)) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "can't start ", count, " sleeping processes (ulimit -u, memory)"));
  }
  if (absl::Status rested = Rest(kRest); !rested.ok()) return rested;
  return absl::WrapUnique(new SleeperCrowd(*std::move(child), last_pid));
}

}  // namespace tallyman::bench
