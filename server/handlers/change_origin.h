// The origin of a change: its user, its time, and its Idempotency-Key.

#ifndef TALLYMAN_SERVER_HANDLERS_CHANGE_ORIGIN_H_
#define TALLYMAN_SERVER_HANDLERS_CHANGE_ORIGIN_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/routing/router.h"
#include "stacks/model/registry.h"

namespace tallyman::server {

// The origin of the change that the request of `context` asks for, now.
// `fields` are everything that the request asks for after it was parsed:
// method, path without mount and suffix, values. A repeated Idempotency-Key
// with other fields is another request. InvalidArgument if the header
// Idempotency-Key is not 1 to 255 visible ASCII characters.
absl::StatusOr<stacks::Origin> ChangeOrigin(
    const RequestContext& context, const std::vector<std::string>& fields);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_CHANGE_ORIGIN_H_
