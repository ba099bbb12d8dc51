#include "api/description/nearest_name.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/types/span.h"

namespace tallyman::api {

size_t EditDistance(std::string_view a, std::string_view b) {
  // The distances of the beginning of `a` read so far to all beginnings of `b`.
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string_view NearestName(std::string_view name,
                             absl::Span<const std::string_view> names) {
  constexpr size_t kMaxCompared = 64;
  const std::string lower = absl::AsciiStrToLower(name.substr(0, kMaxCompared));
  std::string_view nearest;
  size_t least = std::numeric_limits<size_t>::max();
  for (const std::string_view known : names) {
    const size_t distance = EditDistance(lower, absl::AsciiStrToLower(known));
    if (distance < least) {
      least = distance;
      nearest = known;
    }
  }
  return nearest;
}

}  // namespace tallyman::api
