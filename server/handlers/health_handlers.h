// /healthz and /readyz, for load balancers and service managers.

#ifndef TALLYMAN_SERVER_HANDLERS_HEALTH_HANDLERS_H_
#define TALLYMAN_SERVER_HANDLERS_HEALTH_HANDLERS_H_

#include "server/log/log.h"
#include "server/routing/router.h"
#include "storage/database.h"

namespace tallyman::server {

// Adds /healthz, which says that the server answers, and /readyz, which says
// that it can also read its database. Neither needs a token, so why it can't is
// for the log alone. `database` and `log` must outlive the router.
void AddHealthRoutes(storage::Database& database, const Log& log,
                     Router& router);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_HEALTH_HANDLERS_H_
