#include "tools/bench/listing_probe.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "tools/bench/line_child.h"

namespace tallyman::bench {
namespace {

constexpr absl::Duration kStartTimeout = absl::Seconds(20);
constexpr absl::Duration kAnswerTimeout = absl::Seconds(120);

}  // namespace

absl::StatusOr<std::unique_ptr<ListingProbe>> ListingProbe::Start(
    std::vector<std::string> arguments) {
  absl::StatusOr<std::unique_ptr<LineChild>> child =
      LineChild::Start(std::move(arguments));
  if (!child.ok()) return child.status();
  const absl::StatusOr<std::string> line = (*child)->ReadLine(kStartTimeout);
  if (!line.ok()) return line.status();
  if (*line == "ready") {
    return absl::WrapUnique(new ListingProbe(*std::move(child)));
  }
  std::string_view text = *line;
  absl::ConsumePrefix(&text, "error ");
  return absl::StartsWith(text, "not installed") ? absl::NotFoundError(text)
                                                 : absl::InternalError(text);
}

absl::StatusOr<std::vector<double>> ListingProbe::Measure(int times) {
  constexpr double kPerMillisecond = 1e6;
  if (absl::Status sent = child_->SendLine(absl::StrCat(times)); !sent.ok()) {
    return sent;
  }
  const absl::StatusOr<std::string> line = child_->ReadLine(kAnswerTimeout);
  if (!line.ok()) return line.status();
  std::vector<int64_t> numbers;
  numbers.reserve(static_cast<size_t>(times) + 2);
  for (const std::string_view word : absl::StrSplit(*line, ' ')) {
    int64_t number = 0;
    if (!absl::SimpleAtoi(word, &number)) break;
    numbers.push_back(number);
  }
  if (numbers.size() != static_cast<size_t>(times) + 2) {
    std::string_view text = *line;
    absl::ConsumePrefix(&text, "error ");
    return absl::InternalError(text);
  }
  processes_ = numbers[0];
  descriptors_ = numbers[1];
  std::vector<double> milliseconds;
  milliseconds.reserve(static_cast<size_t>(times));
  for (size_t i = 2; i < numbers.size(); ++i) {
    milliseconds.push_back(static_cast<double>(numbers[i]) / kPerMillisecond);
  }
  return milliseconds;
}

}  // namespace tallyman::bench
