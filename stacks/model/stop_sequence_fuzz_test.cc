#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/time/time.h"
#include "stacks/model/stop_sequence.h"
#include "tools/fuzz/input.h"

namespace tallyman::stacks {
namespace {

void TestStopSequence(std::string_view text) {
  const absl::StatusOr<StopSequence> sequence = StopSequence::Parse(text);
  if (!sequence.ok()) {
    fuzz::CheckClientError(sequence.status());
    return;
  }
  CHECK(!sequence->steps.empty());
  CHECK_LE(sequence->steps.size(), kMaxStopSteps);
  absl::Duration total;
  for (const StopStep& step : sequence->steps) {
    const bool is_last = &step == &sequence->steps.back();
    CHECK_EQ(step.signal == SIGKILL, is_last);
    CHECK_GE(step.wait, absl::ZeroDuration());
    CHECK_LE(step.wait, is_last ? absl::ZeroDuration() : kMaxStopWait);
    total += step.wait;
  }
  CHECK_EQ(sequence->TotalWait(), total);
  const std::string written = sequence->ToString();
  for (const std::string& same : {written, absl::AsciiStrToUpper(written)}) {
    const absl::StatusOr<StopSequence> again = StopSequence::Parse(same);
    CHECK_OK(again);
    CHECK(*again == *sequence) << same;
    CHECK_EQ(again->ToString(), written);
  }
}

}  // namespace
}  // namespace tallyman::stacks

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::stacks::TestStopSequence(tallyman::fuzz::Input(data, size).rest());
  return 0;
}
