#include "api/tokens/token_operations.h"

#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/error.h"
#include "api/stacks/stacks_envelope.h"
#include "api/tokens/token_json.h"
#include "auth/token.h"

namespace tallyman::api {
namespace {

constexpr Tag kTag = {"Tokens", "Who may ask, what, and how often."};

constexpr Parameter kId = {.name = "id",
                           .schema = Integer("The id of the token.", "2", 1)};
constexpr const Parameter* kPath[] = {&kId};
constexpr const Parameter* kPageQuery[] = {&kPageParameter, &kPerPageParameter};

constexpr Answer kPage[] = {{.description = "A page of the tokens.",
                             .contents = kPageContent<kTokenSchema>}};
constexpr Answer kOne[] = {
    {.description = "The token.", .contents = kOneContent<kTokenSchema>}};
constexpr const Header* kCreatedHeaders[] = {&kLocationHeader};
constexpr Answer kCreated[] = {
    {.status = 201,
     .description = "The token, with its secret. It is shown only here.",
     .contents = kOneContent<kNewTokenSchema>,
     .headers = kCreatedHeaders}};
constexpr Content kBodies[] = {{.schema = &kTokenSpecSchema}};

constexpr ErrorKind kChangeErrors[] = {ErrorKind::kConflict};

}  // namespace

constexpr Operation kListTokens = {
    .id = "listTokens",
    .method = "GET",
    .path = "/tokens",
    .tag = &kTag,
    .summary = "Lists the tokens",
    .description = "Also those that were revoked or have expired.",
    .scope = auth::Scope::kAdmin,
    .query = kPageQuery,
    .answers = kPage,
};

constexpr Operation kCreateToken = {
    .id = "createToken",
    .method = "POST",
    .path = "/tokens",
    .tag = &kTag,
    .summary = "Makes a token",
    .description =
        "Only its hash is kept: the answer is the only place that "
        "shows its secret.",
    .scope = auth::Scope::kAdmin,
    .bodies = kBodies,
    .answers = kCreated,
    .errors = kChangeErrors,
};

constexpr Operation kGetToken = {
    .id = "getToken",
    .method = "GET",
    .path = "/tokens/{id}",
    .tag = &kTag,
    .summary = "Shows a token",
    .scope = auth::Scope::kAdmin,
    .path_parameters = kPath,
    .answers = kOne,
};

constexpr Operation kRevokeToken = {
    .id = "revokeToken",
    .method = "DELETE",
    .path = "/tokens/{id}",
    .tag = &kTag,
    .summary = "Revokes a token",
    .description =
        "From the next request on it is refused. Repeating this is "
        "harmless. The last valid token with the scope admin "
        "cannot be revoked.",
    .scope = auth::Scope::kAdmin,
    .path_parameters = kPath,
    .answers = kOne,
    .errors = kChangeErrors,
};

}  // namespace tallyman::api
