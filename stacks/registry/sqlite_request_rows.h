// The SQL of SqliteRegistry for repeated requests, see Origin::idempotency_key.

#ifndef TALLYMAN_STACKS_REGISTRY_SQLITE_REQUEST_ROWS_H_
#define TALLYMAN_STACKS_REGISTRY_SQLITE_REQUEST_ROWS_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "stacks/model/registry.h"
#include "storage/connection.h"

namespace tallyman::stacks {

// How long a key stands for its request. At the end of the window, to the
// nanosecond, the key is free again.
inline constexpr absl::Duration kIdempotencyWindow = absl::Hours(24);

// The result of the earlier request with the key of `origin`; nullopt if there
// is none. `kind` names the function of Registry. FailedPrecondition if the key
// was used for another request.
absl::StatusOr<std::optional<std::string>> ReadRequest(
    storage::Connection& connection, std::string_view kind,
    const Origin& origin);

// Records a request and its result. Also removes requests outside the window.
absl::Status WriteRequest(storage::Connection& connection,
                          std::string_view kind, const Origin& origin,
                          std::string_view result);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_REGISTRY_SQLITE_REQUEST_ROWS_H_
