#include "tools/bench/performance_options.h"

#include <algorithm>
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
#include "absl/strings/str_join.h"
#include "tools/bench/performance_run.h"

namespace tallyman::bench {
namespace {

template <typename Part>
using Names = std::vector<std::pair<std::string_view, Part>>;

template <typename Part>
absl::StatusOr<std::set<Part>> ParseNames(const std::vector<std::string>& names,
                                          const Names<Part>& all,
                                          std::string_view flag) {
  std::set<Part> parts;
  for (const std::string& name : names) {
    const auto found =
        std::find_if(all.begin(), all.end(),
                     [&](const auto& part) { return part.first == name; });
    if (found == all.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          flag, ": there is no \"", name, "\"; there are ",
          absl::StrJoin(all, ", ", [](std::string* out, const auto& part) {
            absl::StrAppend(out, part.first);
          })));
    }
    parts.insert(found->second);
  }
  if (parts.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(flag, ": is empty"));
  }
  return parts;
}

}  // namespace

absl::StatusOr<std::set<Area>> ParseAreas(
    const std::vector<std::string>& names) {
  return ParseNames<Area>(names,
                          {{"floor", Area::kFloor},
                           {"listing", Area::kListing},
                           {"http", Area::kHttp},
                           {"watch", Area::kWatch},
                           {"small", Area::kSmall},
                           {"scaling", Area::kScaling},
                           {"idle", Area::kIdle},
                           {"connections", Area::kConnections}},
                          "--areas");
}

absl::StatusOr<std::set<ConnectionPart>> ParseConnectionParts(
    const std::vector<std::string>& names) {
  return ParseNames<ConnectionPart>(names,
                                    {{"crowd", ConnectionPart::kCrowd},
                                     {"idle", ConnectionPart::kIdle},
                                     {"kept", ConnectionPart::kKept},
                                     {"new", ConnectionPart::kNew},
                                     {"follow", ConnectionPart::kFollow},
                                     {"events", ConnectionPart::kEvents}},
                                    "--connection_parts");
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
