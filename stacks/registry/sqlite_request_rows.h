// The SQL of SqliteRegistry for requests that may be repeated, see
// Origin::idempotency_key.

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

// So long is a request known by its key. When it is over to the nanosecond, the
// key is as good as new.
inline constexpr absl::Duration kIdempotencyWindow = absl::Hours(24);

// The result of the request with this origin's key, if it is known. `kind` is
// which call of the registry it is. FailedPrecondition if the key was used for
// another request.
absl::StatusOr<std::optional<std::string>> ReadRequest(
    storage::Connection& connection, std::string_view kind,
    const Origin& origin);

// Makes a request known. Also removes those whose time is over.
absl::Status WriteRequest(storage::Connection& connection,
                          std::string_view kind, const Origin& origin,
                          std::string_view result);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_REGISTRY_SQLITE_REQUEST_ROWS_H_
