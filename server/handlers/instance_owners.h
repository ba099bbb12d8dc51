// The instances of this server, for lists of the processes of the machine.

#ifndef TALLYMAN_SERVER_HANDLERS_INSTANCE_OWNERS_H_
#define TALLYMAN_SERVER_HANDLERS_INSTANCE_OWNERS_H_

#include <memory>

#include "api/host/process_owners.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"

namespace tallyman::server {

// The instances of `status` that have a process, also one that is ending, with
// the names that `registry` has for their stacks. Never null.
std::shared_ptr<const api::ProcessOwners> OwnersOf(
    const stacks::RegistrySnapshot& registry,
    const stacks::StatusSnapshot& status);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_INSTANCE_OWNERS_H_
