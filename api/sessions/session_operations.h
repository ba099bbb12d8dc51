// The operations of sessions, for the router and the description.

#ifndef TALLYMAN_API_SESSIONS_SESSION_OPERATIONS_H_
#define TALLYMAN_API_SESSIONS_SESSION_OPERATIONS_H_

#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"

namespace tallyman::api {

extern const Operation kBeginSession;      // POST /session
extern const Operation kGetSession;        // GET /session
extern const Operation kEndSession;        // DELETE /session
extern const Operation kListSessions;      // GET /sessions
extern const Operation kEndSessions;       // DELETE /sessions
extern const Operation kEndListedSession;  // DELETE /sessions/{id}

// Of kEndSessions.
inline constexpr Parameter kTokenIdParameter = {
    .name = "token_id",
    .schema = Integer("Of the token with this id; absent: of the request's own "
                      "token. Another one needs the scope `admin`.",
                      "1", 1)};

}  // namespace tallyman::api

#endif  // TALLYMAN_API_SESSIONS_SESSION_OPERATIONS_H_
