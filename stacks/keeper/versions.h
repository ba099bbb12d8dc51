// How server and keeper settle the version of the protocol.
//
// The keeper greets in the oldest version that it speaks, Welcome::version. It
// adds the newest in a versions record: a Child that has ended, of a reserved
// launch, with the newest version as its wait status. A server of the first
// release takes the record for a child without a record in its database and
// answers Forget, which the keeper ignores; so it can talk to any keeper that
// speaks version 1. A newer server reads the record, answers Select, and
// both speak the highest common version from then on. A keeper of the first
// release sends no record: it speaks Welcome::version alone and gets no Select.

#ifndef TALLYMAN_STACKS_KEEPER_VERSIONS_H_
#define TALLYMAN_STACKS_KEEPER_VERSIONS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "stacks/keeper/protocol.h"

namespace tallyman::stacks::keeper {

// The record's launch. Launches of instances are hexadecimal uids.
inline constexpr std::string_view kVersionsLaunch =
    "tallyman-protocol-versions";

// The record of a keeper that speaks versions up to `newest`.
Child VersionsRecord(int32_t newest);
bool IsVersionsRecord(const Child& child);

// The highest version that both ranges have. FailedPrecondition if there is
// none; the message names both ranges and says what to do.
absl::StatusOr<int32_t> ChooseVersion(const VersionRange& keeper,
                                      const VersionRange& server);

}  // namespace tallyman::stacks::keeper

#endif  // TALLYMAN_STACKS_KEEPER_VERSIONS_H_
