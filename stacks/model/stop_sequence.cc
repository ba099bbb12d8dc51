#include "stacks/model/stop_sequence.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "platform/base/text.h"
#include "stacks/model/signal_table.h"

namespace tallyman::stacks {
namespace {

constexpr absl::Duration kDefaultWait = absl::Seconds(10);

std::optional<int> SignalNumber(std::string_view name) {
  if (absl::StartsWithIgnoreCase(name, "sig")) name.remove_prefix(3);
  for (const Signal& signal : AllSignals()) {
    if (absl::EqualsIgnoreCase(signal.name, name)) return signal.number;
  }
  return std::nullopt;
}

std::string SignalName(int number) {
  for (const Signal& signal : AllSignals()) {
    if (signal.number == number) return std::string(signal.name);
  }
  return absl::StrCat(number);
}

// "10" or "2.5", with at most nine digits after the point; exact.
std::optional<absl::Duration> ParseSeconds(std::string_view text) {
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  std::string fraction;
  if (point != std::string_view::npos) {
    fraction = std::string(text.substr(point + 1));
    if (fraction.empty() || fraction.size() > 9) return std::nullopt;
  }
  fraction.resize(9, '0');
  constexpr std::string_view kDigits = "0123456789";
  int64_t seconds = 0;
  int64_t nanoseconds = 0;
  if (whole.find_first_not_of(kDigits) != std::string_view::npos ||
      fraction.find_first_not_of(kDigits) != std::string::npos ||
      !absl::SimpleAtoi(whole, &seconds) ||
      !absl::SimpleAtoi(fraction, &nanoseconds)) {
    return std::nullopt;
  }
  const absl::Duration wait =
      absl::Seconds(seconds) + absl::Nanoseconds(nanoseconds);
  if (wait > kMaxStopWait) return std::nullopt;
  return wait;
}

std::string FormatSeconds(absl::Duration wait) {
  const int64_t total = absl::ToInt64Nanoseconds(wait);
  std::string text = absl::StrCat(total / 1'000'000'000);
  const int64_t fraction = total % 1'000'000'000;
  if (fraction == 0) return text;
  absl::StrAppend(&text, ".", absl::Dec(fraction, absl::kZeroPad9));
  while (text.back() == '0') text.pop_back();
  return text;
}

absl::Status Invalid(size_t position, std::string_view item,
                     std::string_view message) {
  return absl::InvalidArgumentError(
      absl::StrCat("item ", position, " ", base::Quote(item), " ", message));
}

}  // namespace

StopSequence StopSequence::Default() {
  return {.steps = {{.signal = kTermSignal, .wait = kDefaultWait},
                    {.signal = kKillSignal, .wait = absl::ZeroDuration()}}};
}

absl::StatusOr<StopSequence> StopSequence::Parse(std::string_view text) {
  StopSequence sequence;
  std::vector<StopStep>& steps = sequence.steps;
  size_t position = 0;
  bool expects_signal = true;
  for (std::string_view item : absl::StrSplit(text, ',')) {
    ++position;
    item = absl::StripAsciiWhitespace(item);
    if (!steps.empty() && steps.back().signal == kKillSignal) {
      return Invalid(position, item,
                     "comes after kill, which ends the sequence");
    }
    if (expects_signal) {
      const std::optional<int> number = SignalNumber(item);
      if (!number) {
        return Invalid(position, item,
                       "is not the name of a signal, such as term or kill");
      }
      if (steps.size() + 1 == kMaxStopSteps && *number != kKillSignal) {
        return Invalid(
            position, item,
            absl::StrCat("is one too many; a sequence has at most ",
                         kMaxStopSteps, " signals with the final kill"));
      }
      steps.push_back({.signal = *number});
    } else {
      const std::optional<absl::Duration> wait = ParseSeconds(item);
      if (!wait) {
        return Invalid(position, item,
                       absl::StrCat("is not a number of seconds from 0 to ",
                                    absl::ToInt64Seconds(kMaxStopWait),
                                    ", such as 10 or 2.5"));
      }
      steps.back().wait = *wait;
    }
    expects_signal = !expects_signal;
  }
  if (steps.back().signal != kKillSignal) {
    if (!expects_signal) steps.back().wait = kDefaultWait;
    steps.push_back({.signal = kKillSignal});
  }
  return sequence;
}

std::string StopSequence::ToString() const {
  std::string text;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (i > 0) {
      absl::StrAppend(&text, ",", FormatSeconds(steps[i - 1].wait), ",");
    }
    absl::StrAppend(&text, SignalName(steps[i].signal));
  }
  return text;
}

absl::Duration StopSequence::TotalWait() const {
  absl::Duration total;
  for (const StopStep& step : steps) total += step.wait;
  return total;
}

}  // namespace tallyman::stacks
