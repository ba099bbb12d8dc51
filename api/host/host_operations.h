// The operations of the host family, for the router and the description.

#ifndef TALLYMAN_API_HOST_HOST_OPERATIONS_H_
#define TALLYMAN_API_HOST_HOST_OPERATIONS_H_

#include "api/description/operation.h"

namespace tallyman::api {

extern const Operation kListHostProcesses;  // GET /server/processes
extern const Operation kGetHostProcess;     // GET /server/processes/{pid}

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HOST_HOST_OPERATIONS_H_
