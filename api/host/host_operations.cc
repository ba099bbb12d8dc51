#include "api/host/host_operations.h"

#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/host/host_envelope.h"
#include "api/host/process_parameters.h"
#include "api/host/process_stream.h"
#include "api/http/error.h"
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

constexpr const Parameter* kPidPath[] = {&kProcessPidPath};
constexpr Content kDetailContents[] = {
    {.schema = &kHostProcessListOfOneSchema}};
constexpr Answer kDetailAnswers[] = {{.status = 200,
                                      .description = "The process.",
                                      .contents = kDetailContents}};
constexpr ErrorKind kDetailErrors[] = {ErrorKind::kBadRequest};

}  // namespace

constexpr Operation kGetHostProcess = {
    .id = "getHostProcess",
    .method = "GET",
    .path = "/server/processes/{pid}",
    .family = ApiFamily::kHost,
    .tag = &kTag,
    .summary = "Gets a process of the machine with its details",
    .description =
        "All keys of a process, and what would cost too much in a list. 400 "
        "if the id is no process id, 404 if no process has it. The server "
        "shows what the system lets it see: of processes of other users "
        "`pss`, `open_descriptors`, `listening` and `environment_names` need "
        "rights of root, else they are unknown; so they are on other systems "
        "than Linux. A value on the command line that looks like a secret is "
        "replaced by `***`.",
    .scope = auth::Scope::kPublic,
    .path_parameters = kPidPath,
    .answers = kDetailAnswers,
    .errors = kDetailErrors,
};

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
