#include "tally/import/units.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/time/time.h"

namespace tallyman::tally {
namespace {

struct TimeUnit {
  std::string_view name;
  int64_t microseconds;
};

constexpr int64_t kSecond = 1'000'000;
constexpr TimeUnit kTimeUnits[] = {
    {"us", 1},
    {"usec", 1},
    {"\xc2\xb5s", 1},  // The micro sign.
    {"ms", 1000},
    {"msec", 1000},
    {"s", kSecond},
    {"sec", kSecond},
    {"second", kSecond},
    {"seconds", kSecond},
    {"m", 60 * kSecond},
    {"min", 60 * kSecond},
    {"minute", 60 * kSecond},
    {"minutes", 60 * kSecond},
    {"h", 3600 * kSecond},
    {"hr", 3600 * kSecond},
    {"hour", 3600 * kSecond},
    {"hours", 3600 * kSecond},
    {"d", 86400 * kSecond},
    {"day", 86400 * kSecond},
    {"days", 86400 * kSecond},
    {"w", 7 * 86400 * kSecond},
    {"week", 7 * 86400 * kSecond},
    {"weeks", 7 * 86400 * kSecond},
};

bool IsInNumber(char c) { return absl::ascii_isdigit(c) || c == '.'; }

// Removes and returns the number at the beginning, and spaces behind it.
std::optional<double> TakeNumber(std::string_view& text) {
  size_t size = 0;
  while (size < text.size() && IsInNumber(text[size])) ++size;
  double number = 0;
  if (!absl::SimpleAtod(text.substr(0, size), &number)) return std::nullopt;
  text = absl::StripLeadingAsciiWhitespace(text.substr(size));
  return number;
}

}  // namespace

std::optional<absl::Duration> ParseTimeSpan(std::string_view text,
                                            absl::Duration unit) {
  text = absl::StripAsciiWhitespace(text);
  if (text == "infinity") return absl::InfiniteDuration();
  if (text.empty()) return std::nullopt;
  absl::Duration sum;
  while (!text.empty()) {
    const std::optional<double> number = TakeNumber(text);
    if (!number) return std::nullopt;
    size_t size = 0;
    while (size < text.size() && !IsInNumber(text[size]) &&
           !absl::ascii_isspace(text[size])) {
      ++size;
    }
    const std::string_view name = text.substr(0, size);
    text = absl::StripLeadingAsciiWhitespace(text.substr(size));
    absl::Duration scale = unit;
    if (!name.empty()) {
      const TimeUnit* found = nullptr;
      for (const TimeUnit& candidate : kTimeUnits) {
        if (candidate.name == name) found = &candidate;
      }
      if (found == nullptr) return std::nullopt;
      scale = absl::Microseconds(found->microseconds);
    }
    sum += *number * scale;
  }
  return sum;
}

std::optional<int64_t> ParseByteSize(std::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  std::optional<double> number = TakeNumber(text);
  if (!number) return std::nullopt;
  constexpr std::string_view kPowers = "kmgtpe";
  if (!text.empty()) {
    const size_t power = kPowers.find(absl::ascii_tolower(text[0]));
    if (power != std::string_view::npos) {
      for (size_t i = 0; i <= power; ++i) *number *= 1024;
      text.remove_prefix(1);
      if (absl::StartsWithIgnoreCase(text, "i")) text.remove_prefix(1);
    }
    if (absl::EqualsIgnoreCase(text, "b")) text = "";
  }
  constexpr double kTooLarge = 9223372036854775808.0;  // 2^63
  if (!text.empty() || !(*number < kTooLarge)) return std::nullopt;
  return static_cast<int64_t>(*number);
}

}  // namespace tallyman::tally
