#include "api/host/host_operations.h"

#include "api/description/operation.h"
#include "api/host/host_envelope.h"
#include "api/host/process_parameters.h"
#include "api/host/process_stream.h"
#include "api/http/server_sent_events.h"
#include "auth/token.h"

namespace tallyman::api {
namespace {

constexpr Tag kTag = {"Processes of the machine",
                      "All processes of the machine that the server runs on."};

constexpr Content kContents[] = {
    {.schema = &kHostProcessesSchema},
    {.media_type = kEventStreamType, .schema = &kProcessStreamSchema}};
constexpr const Header* kAnswerHeaders[] = {&kStreamBufferingHeader};
constexpr Answer kAnswers[] = {
    {.status = 200,
     .description = "The processes, or with `watch` a stream of them.",
     .contents = kContents,
     .headers = kAnswerHeaders}};

}  // namespace

constexpr Operation kListHostProcesses = {
    .id = "listHostProcesses",
    .method = "GET",
    .path = "/server/processes",
    .family = ApiFamily::kHost,
    .tag = &kTag,
    .summary = "Lists the processes of the machine",
    .description =
        "All processes, by pid. A process that ends during the listing is "
        "left out. A smaller query costs less: fields that are not requested "
        "are not read. Values on command lines that look like secrets are "
        "replaced by `***`. Pages of other origins may ask, see "
        "`--cors_origins`.\n\n"
        "With `watch` the answer is a stream of server-sent events, which "
        "counts as one request: above a limit of streams it is 429 or 503.",
    .scope = auth::Scope::kPublic,
    .query = kProcessListParameters,
    .answers = kAnswers,
};

}  // namespace tallyman::api
