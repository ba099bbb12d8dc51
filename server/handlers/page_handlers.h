// The page for people: / and /assets/{name}, from constants in the binary.

#ifndef TALLYMAN_SERVER_HANDLERS_PAGE_HANDLERS_H_
#define TALLYMAN_SERVER_HANDLERS_PAGE_HANDLERS_H_

#include "absl/types/span.h"
#include "server/page/page_assets.h"
#include "server/routing/router.h"

namespace tallyman::server {

// Adds / and /assets/{name}, which need no token: the page has no data, and
// asks the API. `assets` refers to constants; one of them has the path "/".
//
// A client that accepts gzip gets the compressed body. Caches keep an asset for
// ever, since its name changes with its content, and ask for / whether it has
// changed. The policy of all allows only scripts, sheets and pictures of this
// server, and no frame around the page.
void AddPageRoutes(absl::Span<const PageAsset> assets, Router& router);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_PAGE_HANDLERS_H_
