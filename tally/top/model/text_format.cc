#include "tally/top/model/text_format.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "platform/base/utf8.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

constexpr std::string_view kUnknown = "-";

}  // namespace

std::string FormatCount(int64_t count) {
  std::string text = absl::StrCat(count);
  const size_t first = text.front() == '-' ? 1 : 0;
  for (size_t i = text.size(); i > first + 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

std::string FormatShare(double share) {
  if (!std::isfinite(share)) return std::string(kUnknown);
  return absl::StrFormat("%.1f%%", share * 100);
}

std::string FormatCpuTime(double seconds) {
  if (!(seconds >= 0)) return std::string(kUnknown);
  if (seconds < 60) return absl::StrFormat("%.2fs", seconds);
  const auto whole = static_cast<int64_t>(seconds);
  const int64_t minutes = whole / 60;
  if (minutes < 60) return absl::StrFormat("%d:%02d", minutes, whole % 60);
  return absl::StrFormat("%d:%02d:%02d", minutes / 60, minutes % 60,
                         whole % 60);
}

std::string FormatMoment(absl::Time time, absl::Time now, absl::TimeZone zone) {
  const bool is_today =
      absl::ToCivilDay(time, zone) == absl::ToCivilDay(now, zone);
  return absl::FormatTime(is_today ? "%H:%M:%S" : "%Y-%m-%d %H:%M", time, zone);
}

std::string FormatAgo(absl::Time time, absl::Time now) {
  const absl::Duration age = now - time;
  if (absl::AbsDuration(age) < absl::Seconds(1)) return "now";
  return age > absl::ZeroDuration() ? absl::StrCat(HumanDuration(age), " ago")
                                    : absl::StrCat("in ", HumanDuration(-age));
}

std::string Plural(int64_t n, std::string_view one, std::string_view many) {
  return absl::StrCat(FormatCount(n), " ", n == 1 ? one : many);
}

std::string ShownText(std::string_view text, size_t max_bytes) {
  size_t size = 0;
  while (size < text.size()) {
    const size_t next = base::FirstCharacter(text.substr(size)).size;
    if (size + next > max_bytes) break;
    size += next;
  }
  return Printable(text.substr(0, size));
}

}  // namespace tallyman::tally
