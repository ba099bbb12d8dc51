// The operations of stacks, for the router and the description.

#ifndef TALLYMAN_API_STACKS_STACK_OPERATIONS_H_
#define TALLYMAN_API_STACKS_STACK_OPERATIONS_H_

#include "absl/types/span.h"
#include "api/description/operation.h"

namespace tallyman::api {

extern const Operation kListStacks;    // GET /stacks
extern const Operation kCreateStack;   // POST /stacks
extern const Operation kGetStack;      // GET /stacks/{uid}
extern const Operation kReplaceStack;  // PUT /stacks/{uid}
extern const Operation kDeleteStack;   // DELETE /stacks/{uid}
extern const Operation kListServers;   // GET /stacks/{uid}/servers
extern const Operation kGetServer;     // GET /stacks/{uid}/servers/{server_uid}

extern const Operation kListProcesses;  // GET /stacks/{uid}/processes
extern const Operation kScaleProcess;   // POST /stacks/{uid}/processes
extern const Operation kGetProcess;     // GET /stacks/{uid}/processes/{name}
extern const Operation kGetLogs;  // GET /stacks/{uid}/processes/{name}/logs

extern const Operation kListActions;    // GET /stacks/{uid}/actions
extern const Operation kStartAction;    // POST /stacks/{uid}/actions
extern const Operation kGetAction;      // GET /stacks/{uid}/actions/{id}
extern const Operation kListEvents;     // GET /stacks/{uid}/events
extern const Operation kListAllEvents;  // GET /events

// All of them, in the order of the description. A server that runs no stacks
// describes them too, and answers 501.
absl::Span<const Operation* const> StackOperations();

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_STACK_OPERATIONS_H_
