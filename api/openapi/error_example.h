// Errors as the two families render them, as examples.

#ifndef TALLYMAN_API_OPENAPI_ERROR_EXAMPLE_H_
#define TALLYMAN_API_OPENAPI_ERROR_EXAMPLE_H_

#include <string>

#include "api/description/operation.h"
#include "api/description/schema.h"
#include "api/http/error.h"

namespace tallyman::api {

// The schema of errors of `family`.
const Schema& ErrorSchema(ApiFamily family);

// The schema of an error `kind` to a request to `family`. Errors that occur
// before the address of the request is known are in the format of the stacks
// family.
const Schema& ErrorSchema(ApiFamily family, ErrorKind kind);

// The body of an error `kind` in the format of `family`, rendered as for a
// request.
std::string ErrorExample(ApiFamily family, ErrorKind kind);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_OPENAPI_ERROR_EXAMPLE_H_
