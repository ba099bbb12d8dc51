// Where the counts behind the rate limits are kept over a restart.
//
// Apart from the tokens, because they change all the time and concern one
// machine: several machines that share tokens each count for themselves.

#ifndef TALLYMAN_AUTH_COUNT_STORE_H_
#define TALLYMAN_AUTH_COUNT_STORE_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace tallyman::auth {

// The requests that a token has made in the newest hour and day that saw one.
struct TokenCounts {
  int64_t token_id = 0;
  int64_t hour = 0;  // which one: Unix time / 3600
  int64_t hour_count = 0;
  int64_t day = 0;  // which one, in UTC: Unix time / 86400
  int64_t day_count = 0;
};

// Thread-safe. Failures have the codes kUnavailable, kDataLoss or kInternal.
class CountStore {
 public:
  virtual ~CountStore() = default;

  // Everything that is kept; at most one entry for a token.
  virtual absl::StatusOr<std::vector<TokenCounts>> LoadCounts() = 0;

  // Replaces what is kept of these tokens, of all or, on an error, of none.
  virtual absl::Status SaveCounts(absl::Span<const TokenCounts> counts) = 0;
};

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_COUNT_STORE_H_
