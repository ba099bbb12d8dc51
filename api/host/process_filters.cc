#include "api/host/process_filters.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "platform/cgroup_names.h"

namespace tallyman::api {

std::optional<int64_t> ParseByteSize(std::string_view text) {
  constexpr std::string_view kSuffixes = "KMGT";
  int shift = 0;
  if (!text.empty()) {
    const auto last = static_cast<unsigned char>(text.back());
    const size_t suffix = kSuffixes.find(absl::ascii_toupper(last));
    if (suffix != std::string_view::npos) {
      shift = 10 * (static_cast<int>(suffix) + 1);
      text.remove_suffix(1);
    }
  }
  // SimpleAtoi() takes signs and blanks too.
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  int64_t number = 0;
  if (!absl::c_all_of(text, is_digit) || !absl::SimpleAtoi(text, &number) ||
      number > (std::numeric_limits<int64_t>::max() >> shift)) {
    return std::nullopt;
  }
  return number << shift;
}

std::string UnitName(std::string_view text) {
  const bool has_type = absl::c_any_of(
      platform::kUnitTypes,
      [&](std::string_view type) { return absl::EndsWith(text, type); });
  return has_type ? std::string(text) : absl::StrCat(text, ".service");
}

}  // namespace tallyman::api
