// The description of the API as one page for people: HTML without script and
// without anything from elsewhere.

#ifndef TALLYMAN_API_OPENAPI_DOCS_PAGE_H_
#define TALLYMAN_API_OPENAPI_DOCS_PAGE_H_

#include <string>
#include <string_view>

#include "api/openapi/api_info.h"

namespace tallyman::api {

// All `operations`, their schemas and errors. `version` is that of the server.
// All text is escaped. The page has kDocsStyle (docs_style.h) and no other
// style.
std::string RenderDocsPage(Operations operations, std::string_view version);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_OPENAPI_DOCS_PAGE_H_
