// The parts of answers that the dispatcher and the transport add to those of
// the handlers: errors and headers.

#ifndef TALLYMAN_API_DESCRIPTION_COMMON_ANSWERS_H_
#define TALLYMAN_API_DESCRIPTION_COMMON_ANSWERS_H_

#include <vector>

#include "api/description/operation.h"
#include "api/http/error.h"

namespace tallyman::api {

// All errors that `operation` can answer with, by status: its own, those of the
// checks of tokens and queries, and those of the transport.
std::vector<ErrorKind> ErrorsOf(const Operation& operation);

// The headers of `answer`, including those that all answers of `operation`
// have. Optional ones depend on the request and on flags of the server.
std::vector<Header> HeadersOf(const Operation& operation, const Answer& answer);

// The headers of an error in the format of `family`.
std::vector<Header> HeadersOf(ApiFamily family, ErrorKind error);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_DESCRIPTION_COMMON_ANSWERS_H_
