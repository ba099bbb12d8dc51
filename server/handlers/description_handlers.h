// /openapi.json and /docs: the description of the API, made from the router's
// own operations.

#ifndef TALLYMAN_SERVER_HANDLERS_DESCRIPTION_HANDLERS_H_
#define TALLYMAN_SERVER_HANDLERS_DESCRIPTION_HANDLERS_H_

#include <string_view>

#include "server/routing/router.h"

namespace tallyman::server {

// Adds /openapi.json and /docs, which need no token and describe all operations
// that `router` has by now, including these two. Call it last: the documents
// are rendered here, once. `version` is that of the server.
void AddDescriptionRoutes(std::string_view version, Router& router);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_DESCRIPTION_HANDLERS_H_
