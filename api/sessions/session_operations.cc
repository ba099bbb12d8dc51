#include "api/sessions/session_operations.h"

#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/error.h"
#include "api/http/rate_limit_headers.h"
#include "api/sessions/session_json.h"
#include "api/stacks/stacks_envelope.h"
#include "auth/token.h"

namespace tallyman::api {
namespace {

constexpr Tag kTag = {
    "Sessions",
    "A page of this server signs in once. From then on its requests have the "
    "cookie and the header `X-Tallyman-Session` in place of a token, and both "
    "are needed. Only pages of this very address can use a session: "
    "`Sec-Fetch-Site` must be `same-origin` or, where it is absent, `Origin` "
    "must name the `Host`. Answers to a session have no headers of CORS."};

constexpr Parameter kId = {.name = "id",
                           .schema = Integer("The id of the session.", "7", 1)};
constexpr const Parameter* kPath[] = {&kId};
constexpr const Parameter* kPageQuery[] = {&kPageParameter, &kPerPageParameter};
constexpr const Parameter* kEndQuery[] = {&kTokenIdParameter};

constexpr Header kSetCookie = {
    .name = "Set-Cookie",
    .schema = String("The cookie. Its name is the server's own, with `__Host-` "
                     "before it where the connection is https.",
                     "tallyman_0f1e2d3c="
                     "cXV4cXV1eGNvcmdlZ3JhdWx0Z2FycGx5Zm9vYmFyYmE; Path=/; "
                     "HttpOnly; SameSite=Strict")};
constexpr Header kClearCookie = {
    .name = "Set-Cookie",
    .schema =
        String("Removes the cookie, if the request's session has ended and no "
               "other tab of the browser has one.",
               "tallyman_0f1e2d3c=; Max-Age=0; Path=/; HttpOnly; "
               "SameSite=Strict"),
    .is_required = false};
// Of a sign-in by token; those by code do not count.
constexpr Header Sometimes(std::string_view name, Schema schema) {
  return {.name = name, .schema = schema, .is_required = false};
}
constexpr Header kLimit = Sometimes(
    kRateLimitHeader,
    Integer("Of a sign-in by token: requests of its sessions in an hour.",
            "36000", 1));
constexpr Header kRemaining =
    Sometimes(kRateRemainingHeader,
              Integer("Requests that are left of them.", "35999", 0));
constexpr Header kReset =
    Sometimes(kRateResetHeader,
              Integer("When all of them are back: seconds of Unix time.",
                      "1451678400", 0));

constexpr const Header* kBegunHeaders[] = {&kLocationHeader, &kSetCookie,
                                           &kLimit, &kRemaining, &kReset};
constexpr const Header* kEndedHeaders[] = {&kClearCookie};

constexpr Content kBodies[] = {{.schema = &kSignInSchema}};
constexpr Content kNewContent[] = {{.schema = &kNewSessionEnvelopeSchema}};
constexpr Content kOneContentOfSession[] = {
    {.schema = &kSessionEnvelopeSchema}};
constexpr Content kPageContentOfSessions[] = {{.schema = &kSessionPageSchema}};

constexpr Answer kBegun[] = {
    {.status = 201,
     .description = "The session, with its key. It is shown only here.",
     .contents = kNewContent,
     .headers = kBegunHeaders}};
constexpr Answer kOne[] = {
    {.description = "The session.", .contents = kOneContentOfSession}};
constexpr Answer kPage[] = {{.description = "A page of the sessions.",
                             .contents = kPageContentOfSessions}};
constexpr Answer kEnded[] = {
    {.status = 204, .description = "Ended.", .headers = kEndedHeaders}};

constexpr ErrorKind kBeginErrors[] = {ErrorKind::kUnauthenticated};
constexpr ErrorKind kEndErrors[] = {ErrorKind::kForbidden};

}  // namespace

constexpr Operation kBeginSession = {
    .id = "beginSession",
    .method = "POST",
    .path = "/session",
    .is_at_root_only = true,
    .tag = &kTag,
    .summary = "Signs in",
    .description =
        "With a token, or with the code of the address that the first start of "
        "the server prints. Bad ones are throttled like bad tokens. A session "
        "ends with its token, when it was not used for 24 hours, and 30 days "
        "after the sign-in; a restart of the server does not end it. All "
        "sessions of a token have 36,000 requests an hour, apart from those of "
        "the token itself.",
    .bodies = kBodies,
    .answers = kBegun,
    .errors = kBeginErrors,
};

constexpr Operation kGetSession = {
    .id = "getSession",
    .method = "GET",
    .path = "/session",
    .is_at_root_only = true,
    .tag = &kTag,
    .summary = "Shows the session of the request",
    .description = "A request with a token has none, which is 401.",
    .scope = auth::Scope::kPublic,
    .answers = kOne,
};

constexpr Operation kEndSession = {
    .id = "endSession",
    .method = "DELETE",
    .path = "/session",
    .is_at_root_only = true,
    .tag = &kTag,
    .summary = "Signs out",
    .description = "Ends the session of the request, and its streams.",
    .scope = auth::Scope::kPublic,
    .answers = kEnded,
};

constexpr Operation kListSessions = {
    .id = "listSessions",
    .method = "GET",
    .path = "/sessions",
    .is_at_root_only = true,
    .tag = &kTag,
    .summary = "Lists the sessions",
    .description =
        "Those of the request's token; with the scope `admin` those of all.",
    .scope = auth::Scope::kPublic,
    .query = kPageQuery,
    .answers = kPage,
};

constexpr Operation kEndSessions = {
    .id = "endSessions",
    .method = "DELETE",
    .path = "/sessions",
    .is_at_root_only = true,
    .tag = &kTag,
    .summary = "Signs out everywhere",
    .description = "Ends all sessions of a token, and their streams.",
    .scope = auth::Scope::kPublic,
    .query = kEndQuery,
    .answers = kEnded,
    .errors = kEndErrors,
};

constexpr Operation kEndListedSession = {
    .id = "endListedSession",
    .method = "DELETE",
    .path = "/sessions/{id}",
    .is_at_root_only = true,
    .tag = &kTag,
    .summary = "Ends a session",
    .description =
        "One of the request's token; with the scope `admin` any. The others "
        "do not exist for it.",
    .scope = auth::Scope::kPublic,
    .path_parameters = kPath,
    .answers = kEnded,
};

}  // namespace tallyman::api
