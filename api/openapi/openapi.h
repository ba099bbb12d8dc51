// The description of the API as a document: OpenAPI 3.1
// (https://spec.openapis.org/oas/v3.1.0).

#ifndef TALLYMAN_API_OPENAPI_OPENAPI_H_
#define TALLYMAN_API_OPENAPI_OPENAPI_H_

#include <string>
#include <string_view>

#include "api/openapi/api_info.h"

namespace tallyman::api {

// JSON text: all `operations` in each of their mounts, with an example of each
// parameter, body, answer and header. `version` is that of the server.
std::string RenderOpenApi(Operations operations, std::string_view version);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_OPENAPI_OPENAPI_H_
