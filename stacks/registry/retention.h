// How far a bounded table may exceed its limit before old rows are removed.

#ifndef TALLYMAN_STACKS_REGISTRY_RETENTION_H_
#define TALLYMAN_STACKS_REGISTRY_RETENTION_H_

#include <algorithm>
#include <cstdint>

namespace tallyman::stacks {

// Rows above `limit` at which the oldest are removed down to `limit`. At most
// 10% of the limit, and at most 1000 rows, so that one removal does not hold
// the transaction for long.
inline int64_t RetentionSlack(int64_t limit) {
  return std::clamp<int64_t>(limit / 10, 0, 1000);
}

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_REGISTRY_RETENTION_H_
