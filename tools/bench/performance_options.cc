#include "tools/bench/performance_options.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace tallyman::bench {
namespace {

constexpr std::array<std::pair<std::string_view, Area>, 6> kAreas = {
    {{"floor", Area::kFloor},
     {"listing", Area::kListing},
     {"http", Area::kHttp},
     {"small", Area::kSmall},
     {"scaling", Area::kScaling},
     {"idle", Area::kIdle}}};

}  // namespace

absl::StatusOr<std::set<Area>> ParseAreas(
    const std::vector<std::string>& names) {
  std::set<Area> areas;
  for (const std::string& name : names) {
    const auto* const found =
        std::find_if(kAreas.begin(), kAreas.end(),
                     [&](const auto& area) { return area.first == name; });
    if (found == kAreas.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--areas: there is no \"", name,
          "\"; there are floor, listing, http, small, scaling, idle"));
    }
    areas.insert(found->second);
  }
  if (areas.empty()) return absl::InvalidArgumentError("--areas: is empty");
  return areas;
}

absl::StatusOr<std::vector<int64_t>> ParseCounts(
    const std::vector<std::string>& texts, int64_t max, std::string_view flag) {
  std::vector<int64_t> counts;
  counts.reserve(texts.size());
  for (const std::string& text : texts) {
    int64_t count = 0;
    if (!absl::SimpleAtoi(text, &count) || count < 1 || count > max) {
      return absl::InvalidArgumentError(absl::StrCat(
          flag, ": \"", text, "\" is not a number from 1 to ", max));
    }
    counts.push_back(count);
  }
  if (counts.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(flag, ": is empty"));
  }
  return counts;
}

std::string ShowCount(int64_t count) {
  constexpr size_t kGroup = 3;
  std::string text = absl::StrCat(count);
  for (size_t at = text.size(); at > kGroup;) {
    at -= kGroup;
    text.insert(at, ",");
  }
  return text;
}

}  // namespace tallyman::bench
