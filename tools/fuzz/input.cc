#include "tools/fuzz/input.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "platform/base/text.h"

namespace tallyman::fuzz {
namespace {

// Messages quote at most a few parts of the input, each cut, and may list all
// keys or commands that are valid.
constexpr size_t kMaxMessageBytes = 1024;

}  // namespace

std::string_view Input::TakeLine() {
  const size_t end = std::min(rest_.find('\n'), rest_.size());
  const std::string_view line = rest_.substr(0, end);
  rest_.remove_prefix(std::min(end + 1, rest_.size()));
  return line;
}

int64_t Input::TakeInteger() {
  const std::string_view line = TakeLine();
  int64_t number = 0;
  if (absl::SimpleAtoi(line, &number)) return number;
  // FNV-1a, the same in each run.
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : line) {
    hash ^= static_cast<unsigned char>(c);
    // The product wraps around.
    hash *= 0x100000001b3;
  }
  return static_cast<int64_t>(hash);
}

void CheckMessage(std::string_view message) {
  CHECK(!message.empty());
  CHECK(!base::FindInvalidUtf8(message)) << absl::CHexEscape(message);
  CHECK(!base::FindControl(message)) << absl::CHexEscape(message);
  CHECK_LE(message.size(), kMaxMessageBytes) << message;
}

void CheckClientError(const absl::Status& status) {
  CHECK(absl::IsInvalidArgument(status)) << status;
  CheckMessage(status.message());
}

}  // namespace tallyman::fuzz
