#include "tally/import/reasons.h"

#include <string_view>

#include "absl/strings/strip.h"
#include "absl/types/span.h"

namespace tallyman::tally {

std::string_view ReasonFor(absl::Span<const KeyReason> table,
                           std::string_view key) {
  for (const KeyReason& row : table) {
    std::string_view prefix = row.key;
    if (absl::ConsumeSuffix(&prefix, "*") ? key.starts_with(prefix)
                                          : key == row.key) {
      return row.reason;
    }
  }
  return kUnknownKey;
}

}  // namespace tallyman::tally
