// The operations of the actions and events of a stack.

#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/error.h"
#include "api/http/media_type.h"
#include "api/http/server_sent_events.h"
#include "api/stacks/action_json.h"
#include "api/stacks/action_request.h"
#include "api/stacks/event_json.h"
#include "api/stacks/event_query.h"
#include "api/stacks/event_stream.h"
#include "api/stacks/stack_operations.h"
#include "api/stacks/stack_parameters.h"
#include "api/stacks/stacks_envelope.h"
#include "auth/token.h"

namespace tallyman::api {
namespace {

constexpr Tag kTag = {"Actions and events",
                      "Requested changes and their results, and the audit "
                      "log."};

constexpr const Parameter* kStackPath[] = {&kStackUidPath};
constexpr const Parameter* kActionPath[] = {&kStackUidPath, &kActionIdPath};
constexpr const Parameter* kPageQuery[] = {&kPageParameter, &kPerPageParameter};
constexpr const Parameter* kStartQuery[] = {
    &kCommandParameter, &kActionProcessNameParameter,
    &kActionServerUidParameter, &kActionInstanceParameter, &kSignalParameter};
constexpr const Parameter* kStartHeaders[] = {&kIdempotencyKeyParameter};

constexpr Content kStartBodies[] = {
    {.schema = &kActionRequestSchema},
    {.media_type = kFormMediaType, .schema = &kActionRequestSchema}};

constexpr Answer kPage[] = {{.description = "A page of the actions.",
                             .contents = kPageContent<kActionSchema>}};
constexpr Answer kOne[] = {
    {.description = "The action.", .contents = kOneContent<kActionSchema>}};
constexpr const Parameter* kEventQuery[] = {
    &kKindParameter, &kEventProcessParameter, &kAfterParameter, &kPageParameter,
    &kPerPageParameter};
constexpr const Parameter* kEventHeaders[] = {&kLastEventHeader};
constexpr const Header* kEventAnswerHeaders[] = {&kStreamBufferingHeader};
constexpr Content kEventContents[] = {
    {.schema = &kPageSchema<kEventSchema>},
    {.media_type = kEventStreamType, .schema = &kEventStreamSchema}};
constexpr Answer kEventAnswers[] = {
    {.description = "A page of the events, or a stream if the header `Accept` "
                    "prefers `text/event-stream`.",
     .contents = kEventContents,
     .headers = kEventAnswerHeaders}};

constexpr ErrorKind kReadErrors[] = {ErrorKind::kNotImplemented};
constexpr ErrorKind kStartErrors[] = {ErrorKind::kConflict,
                                      ErrorKind::kNotImplemented};

}  // namespace

constexpr Operation kListActions = {
    .id = "listActions",
    .method = "GET",
    .path = "/stacks/{uid}/actions",
    .tag = &kTag,
    .summary = "Lists the actions of a stack",
    .description = "Newest first; also those of a stack that was removed.",
    .scope = auth::Scope::kPublic,
    .path_parameters = kStackPath,
    .query = kPageQuery,
    .answers = kPage,
    .errors = kReadErrors,
};

constexpr Operation kStartAction = {
    .id = "startAction",
    .method = "POST",
    .path = "/stacks/{uid}/actions",
    .tag = &kTag,
    .summary = "Restarts, pauses, resumes or signals processes",
    .description =
        "The fields may be in the query, in a form or in JSON. With "
        "`instance`, "
        "only that instance; 404 if there is none. A signal is sent at most "
        "once, to the instances that run: the action fails if there is none, "
        "and if the server ended while it sent the signal.",
    .scope = auth::Scope::kAdmin,
    .path_parameters = kStackPath,
    .query = kStartQuery,
    .headers = kStartHeaders,
    .bodies = kStartBodies,
    .is_body_required = false,
    .answers = kOne,
    .errors = kStartErrors,
};

constexpr Operation kGetAction = {
    .id = "getAction",
    .method = "GET",
    .path = "/stacks/{uid}/actions/{id}",
    .tag = &kTag,
    .summary = "Shows an action",
    .description = "It is over when `finished_at` is not null.",
    .scope = auth::Scope::kPublic,
    .path_parameters = kActionPath,
    .answers = kOne,
    .errors = kReadErrors,
};

constexpr Operation kListEvents = {
    .id = "listEvents",
    .method = "GET",
    .path = "/stacks/{uid}/events",
    .tag = &kTag,
    .summary = "Lists or follows the events of a stack",
    .description =
        "The audit log: every change of every instance, and every request with "
        "its token. A page is newest first; a stream begins with the oldest "
        "event, unless `after` or `Last-Event-ID` says where.",
    .scope = auth::Scope::kPublic,
    .path_parameters = kStackPath,
    .query = kEventQuery,
    .headers = kEventHeaders,
    .answers = kEventAnswers,
    .errors = kReadErrors,
};

constexpr Operation kListAllEvents = {
    .id = "listAllEvents",
    .method = "GET",
    .path = "/events",
    .tag = &kTag,
    .summary = "Lists or follows the events of all stacks and tokens",
    .description = "As the events of a stack.",
    .scope = auth::Scope::kPublic,
    .query = kEventQuery,
    .headers = kEventHeaders,
    .answers = kEventAnswers,
    .errors = kReadErrors,
};

}  // namespace tallyman::api
