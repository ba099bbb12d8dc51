// The operations of the processes of a stack, and of their output.

#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/error.h"
#include "api/http/media_type.h"
#include "api/http/server_sent_events.h"
#include "api/stacks/action_json.h"
#include "api/stacks/output_event.h"
#include "api/stacks/output_json.h"
#include "api/stacks/output_query.h"
#include "api/stacks/preview_json.h"
#include "api/stacks/process_json.h"
#include "api/stacks/scale_request.h"
#include "api/stacks/stack_operations.h"
#include "api/stacks/stack_parameters.h"
#include "api/stacks/stacks_envelope.h"
#include "auth/token.h"

namespace tallyman::api {
namespace {

constexpr Tag kTag = {"Processes of stacks",
                      "Counts of each process, scaling, and output."};

constexpr const Parameter* kStackPath[] = {&kStackUidPath};
constexpr const Parameter* kProcessPath[] = {&kStackUidPath, &kProcessNamePath};
constexpr const Parameter* kListQuery[] = {&kStackIdParameter,
                                           &kServerUidParameter,
                                           &kPageParameter, &kPerPageParameter};
constexpr const Parameter* kOneQuery[] = {
    &kStackIdParameter, &kProcessIdParameter, &kServerUidParameter,
    &kPageParameter, &kPerPageParameter};
constexpr const Parameter* kScaleQuery[] = {
    &kStackIdParameter, &kScaleProcessNameParameter, &kServerCountParameter,
    &kDryRunParameter};
constexpr const Parameter* kLogQuery[] = {
    &kLinesParameter,        &kGrepParameter,     &kSinceParameter,
    &kUntilParameter,        &kTimesParameter,    &kFollowParameter,
    &kOutputStreamParameter, &kInstanceParameter, &kServerUidParameter,
    &kPageParameter,         &kPerPageParameter};
constexpr const Parameter* kOneHeaders[] = {&kIfNoneMatchParameter};
constexpr const Parameter* kScaleHeaders[] = {&kIdempotencyKeyParameter,
                                              &kIfMatchParameter};
constexpr const Parameter* kLogHeaders[] = {&kLastEventIdParameter};
constexpr const Header* kEtagHeaders[] = {&kEtagHeader};

constexpr Header kDisposition = {
    .name = "Content-Disposition",
    .schema = String("With `Accept: text/plain`: the name of a file.",
                     "attachment; filename=\"web.log\""),
    .is_required = false};
constexpr Header kLeftOut = {
    .name = "X-Older-Lines-Left-Out",
    .schema = String("With `Accept: text/plain`: there are older lines that "
                     "match, above the limits.",
                     "true"),
    .is_required = false};
constexpr const Header* kLogAnswerHeaders[] = {&kStreamBufferingHeader,
                                               &kDisposition, &kLeftOut};

constexpr Content kPageOfProcesses[] = {
    {.schema = &kPageSchema<kProcessSchema>,
     .api3_schema = &kPageSchema<kProcessDetailsSchema>}};
constexpr Content kOneProcess[] = {
    {.schema = &kPageSchema<kProcessSchema>,
     .api3_schema = &kObjectSchema<kProcessDetailsSchema>}};
constexpr Content kScaleBodies[] = {
    {.schema = &kScaleRequestSchema},
    {.media_type = kFormMediaType, .schema = &kScaleFormSchema}};
constexpr Content kLogContents[] = {
    {.schema = &kPageSchema<kInstanceOutputSchema>},
    {.media_type = kPlainTextType, .schema = &kOutputTextSchema},
    {.media_type = kEventStreamType, .schema = &kOutputStreamSchema}};

constexpr Answer kListAnswers[] = {
    {.description = "A page of the processes.", .contents = kPageOfProcesses}};
constexpr Answer kOneAnswers[] = {
    {.description = "The process; in a page of one, except below /api/3.",
     .contents = kOneProcess,
     .headers = kEtagHeaders},
    {.status = 304,
     .description = "The client has the current representation.",
     .headers = kEtagHeaders}};
constexpr Answer kScaleAnswers[] = {
    {.description = "The action, which may be over already; with `dry_run`, "
                    "what it would do.",
     .contents = kOneContent<kActionOrPreviewSchema>}};
constexpr Answer kLogAnswers[] = {
    {.description = "The output of each instance; with `Accept: "
                    "text/plain`, of all together, as text; with `follow`, a "
                    "stream.",
     .contents = kLogContents,
     .headers = kLogAnswerHeaders}};

constexpr ErrorKind kReadErrors[] = {ErrorKind::kNotImplemented};
constexpr ErrorKind kScaleErrors[] = {ErrorKind::kConflict,
                                      ErrorKind::kPreconditionFailed,
                                      ErrorKind::kNotImplemented};

}  // namespace

constexpr Operation kListProcesses = {
    .id = "listProcesses",
    .method = "GET",
    .path = "/stacks/{uid}/processes",
    .tag = &kTag,
    .summary = "Lists the processes of a stack",
    .description =
        "With `server_uid`, only those that are desired or run on "
        "that server.",
    .scope = auth::Scope::kPublic,
    .path_parameters = kStackPath,
    .query = kListQuery,
    .answers = kListAnswers,
    .errors = kReadErrors,
};

constexpr Operation kScaleProcess = {
    .id = "scaleProcess",
    .method = "POST",
    .path = "/stacks/{uid}/processes",
    .tag = &kTag,
    .summary = "Scales a process",
    .description =
        "Exactly so many instances run on each server that is named, and go on "
        "running. A newer request for the same process and server supersedes "
        "an open action. A server may be given by its uid or by its name; a "
        "uid wins. The fields may be in the query, in a form or in JSON.",
    .scope = auth::Scope::kAdmin,
    .path_parameters = kStackPath,
    .query = kScaleQuery,
    .headers = kScaleHeaders,
    .bodies = kScaleBodies,
    .is_body_required = false,
    .answers = kScaleAnswers,
    .errors = kScaleErrors,
};

constexpr Operation kGetProcess = {
    .id = "getProcess",
    .method = "GET",
    .path = "/stacks/{uid}/processes/{name}",
    .tag = &kTag,
    .summary = "Shows a process of a stack",
    .scope = auth::Scope::kPublic,
    .path_parameters = kProcessPath,
    .query = kOneQuery,
    .headers = kOneHeaders,
    .answers = kOneAnswers,
    .errors = kReadErrors,
};

constexpr Operation kGetLogs = {
    .id = "getLogs",
    .method = "GET",
    .path = "/stacks/{uid}/processes/{name}/logs",
    .tag = &kTag,
    .summary = "Shows or follows the output of a process",
    .description =
        "Standard output and standard error together. Values that "
        "look like secrets are replaced by `***`, also for `grep`. Programs "
        "write to files, so times are those at which the server saw the lines, "
        "which is at most about two seconds after they were written, or later "
        "if no server ran.",
    .scope = auth::Scope::kPublic,
    .path_parameters = kProcessPath,
    .query = kLogQuery,
    .headers = kLogHeaders,
    .answers = kLogAnswers,
    .errors = kReadErrors,
};

}  // namespace tallyman::api
