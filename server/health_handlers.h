// /healthz and /readyz, for load balancers and service managers.

#ifndef TALLYMAN_SERVER_HEALTH_HANDLERS_H_
#define TALLYMAN_SERVER_HEALTH_HANDLERS_H_

#include "server/router.h"
#include "storage/database.h"

namespace tallyman::server {

// Adds /healthz, which says that the server answers, and /readyz, which says
// that it can also read its database. Neither needs a token. `database` must
// outlive the router.
void AddHealthRoutes(storage::Database& database, Router& router);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HEALTH_HANDLERS_H_
