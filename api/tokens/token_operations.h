// The operations of tokens, for the router and the description.

#ifndef TALLYMAN_API_TOKENS_TOKEN_OPERATIONS_H_
#define TALLYMAN_API_TOKENS_TOKEN_OPERATIONS_H_

#include "api/description/operation.h"

namespace tallyman::api {

extern const Operation kListTokens;   // GET /tokens
extern const Operation kCreateToken;  // POST /tokens
extern const Operation kGetToken;     // GET /tokens/{id}
extern const Operation kRevokeToken;  // DELETE /tokens/{id}

}  // namespace tallyman::api

#endif  // TALLYMAN_API_TOKENS_TOKEN_OPERATIONS_H_
