// Keeps the counts of the rate limiter over a restart.
//
// Separate from TokenStore, because counts change with every request and belong
// to one machine: machines that share tokens count separately.
//
// Example: auth/rate_limiter_example_test.cc

#ifndef TALLYMAN_AUTH_COUNT_STORE_H_
#define TALLYMAN_AUTH_COUNT_STORE_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace tallyman::auth {

// The requests of a token in the last hour and in the last day with a request.
struct TokenCounts {
  int64_t token_id = 0;  // Or another owner: see Quota in auth/token.h.
  int64_t hour = 0;      // Unix time in seconds / 3600
  int64_t hour_count = 0;
  int64_t day = 0;  // Unix time in seconds / 86400 (a day in UTC)
  int64_t day_count = 0;
};

// Thread-safe. Failures have the codes kUnavailable, kDataLoss or kInternal.
class CountStore {
 public:
  virtual ~CountStore() = default;

  // All counts; at most one entry for a token.
  virtual absl::StatusOr<std::vector<TokenCounts>> LoadCounts() = 0;

  // Replaces the counts of these tokens; on an error, changes none.
  virtual absl::Status SaveCounts(absl::Span<const TokenCounts> counts) = 0;
};

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_COUNT_STORE_H_
