#include "api/stacks/stack_operations.h"

#include "absl/types/span.h"
#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/error.h"
#include "api/stacks/action_json.h"
#include "api/stacks/preview_json.h"
#include "api/stacks/stack_definition_json.h"
#include "api/stacks/stack_json.h"
#include "api/stacks/stack_parameters.h"
#include "api/stacks/stacks_envelope.h"
#include "auth/token.h"

namespace tallyman::api {
namespace {

constexpr Tag kTag = {"Stacks",
                      "Applications, and the machines that run them."};

constexpr const Parameter* kStackPath[] = {&kStackUidPath};
constexpr const Parameter* kServerPath[] = {&kStackUidPath, &kServerUidPath};
constexpr const Parameter* kStackQuery[] = {
    &kStackNameParameter, &kStackEnvironmentParameter, &kPageParameter,
    &kPerPageParameter};
constexpr const Parameter* kPageQuery[] = {&kPageParameter, &kPerPageParameter};
constexpr const Parameter* kChangeQuery[] = {&kDryRunParameter};
constexpr const Parameter* kChangeHeaders[] = {&kIdempotencyKeyParameter};
constexpr const Header* kCreatedHeaders[] = {&kLocationHeader};

constexpr Content kBodies[] = {{.schema = &kStackDefinitionSchema}};

constexpr Answer kStackPage[] = {{.description = "A page of the stacks.",
                                  .contents = kPageContent<kStackSchema>}};
constexpr Answer kOneStack[] = {
    {.description = "The stack.", .contents = kOneContent<kStackSchema>}};
constexpr Answer kCreatedStack[] = {
    {.description = "With `dry_run`: what it would do.",
     .contents = kOneContent<kPreviewSchema>},
    {.status = 201,
     .description = "The new stack.",
     .contents = kOneContent<kStackSchema>,
     .headers = kCreatedHeaders}};
constexpr Schema kStackOrPreview = [] {
  Schema schema = Either(kStackSchema, kPreviewSchema);
  schema.name = "StackOrPreview";
  return schema;
}();
constexpr Answer kReplacedStack[] = {
    {.description = "The stack; with `dry_run`, what it would do.",
     .contents = kOneContent<kStackOrPreview>}};
constexpr Answer kDeletion[] = {
    {.description = "The action, which ends when no process is left; with "
                    "`dry_run`, what it would do.",
     .contents = kOneContent<kActionOrPreviewSchema>}};
constexpr Answer kServerPage[] = {{.description = "A page of the servers.",
                                   .contents = kPageContent<kServerSchema>}};
constexpr Answer kOneServer[] = {
    {.description = "The server.", .contents = kOneContent<kServerSchema>}};

constexpr ErrorKind kReadErrors[] = {ErrorKind::kNotImplemented};
constexpr ErrorKind kChangeErrors[] = {ErrorKind::kConflict,
                                       ErrorKind::kNotImplemented};

constexpr const Operation* kOperations[] = {
    &kListStacks,   &kCreateStack, &kGetStack,   &kReplaceStack,
    &kDeleteStack,  &kListServers, &kGetServer,  &kListProcesses,
    &kScaleProcess, &kGetProcess,  &kGetLogs,    &kListActions,
    &kStartAction,  &kGetAction,   &kListEvents, &kListAllEvents};

}  // namespace

absl::Span<const Operation* const> StackOperations() { return kOperations; }

constexpr Operation kListStacks = {
    .id = "listStacks",
    .method = "GET",
    .path = "/stacks",
    .tag = &kTag,
    .summary = "Lists the stacks",
    .scope = auth::Scope::kPublic,
    .query = kStackQuery,
    .answers = kStackPage,
    .errors = kReadErrors,
};

constexpr Operation kCreateStack = {
    .id = "createStack",
    .method = "POST",
    .path = "/stacks",
    .tag = &kTag,
    .summary = "Creates a stack",
    .description = "No two stacks have the same name and environment.",
    .scope = auth::Scope::kAdmin,
    .query = kChangeQuery,
    .headers = kChangeHeaders,
    .bodies = kBodies,
    .answers = kCreatedStack,
    .errors = kChangeErrors,
};

constexpr Operation kGetStack = {
    .id = "getStack",
    .method = "GET",
    .path = "/stacks/{uid}",
    .tag = &kTag,
    .summary = "Shows a stack",
    .scope = auth::Scope::kPublic,
    .path_parameters = kStackPath,
    .answers = kOneStack,
    .errors = kReadErrors,
};

constexpr Operation kReplaceStack = {
    .id = "replaceStack",
    .method = "PUT",
    .path = "/stacks/{uid}",
    .tag = &kTag,
    .summary = "Replaces the definition of a stack",
    .description =
        "Restarts only the processes that changed. Desired numbers "
        "stay.",
    .scope = auth::Scope::kAdmin,
    .path_parameters = kStackPath,
    .query = kChangeQuery,
    .headers = kChangeHeaders,
    .bodies = kBodies,
    .answers = kReplacedStack,
    .errors = kChangeErrors,
};

constexpr Operation kDeleteStack = {
    .id = "deleteStack",
    .method = "DELETE",
    .path = "/stacks/{uid}",
    .tag = &kTag,
    .summary = "Removes a stack",
    .description = "Its processes stop. Its actions and events stay.",
    .scope = auth::Scope::kAdmin,
    .path_parameters = kStackPath,
    .query = kChangeQuery,
    .headers = kChangeHeaders,
    .answers = kDeletion,
    .errors = kChangeErrors,
};

constexpr Operation kListServers = {
    .id = "listServers",
    .method = "GET",
    .path = "/stacks/{uid}/servers",
    .tag = &kTag,
    .summary = "Lists the servers of a stack",
    .scope = auth::Scope::kPublic,
    .path_parameters = kStackPath,
    .query = kPageQuery,
    .answers = kServerPage,
    .errors = kReadErrors,
};

constexpr Operation kGetServer = {
    .id = "getServer",
    .method = "GET",
    .path = "/stacks/{uid}/servers/{server_uid}",
    .tag = &kTag,
    .summary = "Shows a server of a stack",
    .scope = auth::Scope::kPublic,
    .path_parameters = kServerPath,
    .answers = kOneServer,
    .errors = kReadErrors,
};

}  // namespace tallyman::api
