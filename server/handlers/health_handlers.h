// /healthz and /readyz, for load balancers and service managers.

#ifndef TALLYMAN_SERVER_HANDLERS_HEALTH_HANDLERS_H_
#define TALLYMAN_SERVER_HANDLERS_HEALTH_HANDLERS_H_

#include "server/log/log.h"
#include "server/routing/router.h"
#include "storage/database.h"

namespace tallyman::server {

// Adds /healthz, which is 200 while the server answers, and /readyz, which is
// 200 while it can also read its database, else 503. Neither needs a token, so
// only the log gets the reason (event database_unreadable). `database` and
// `log` must outlive the router.
void AddHealthRoutes(storage::Database& database, const Log& log,
                     Router& router);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_HEALTH_HANDLERS_H_
