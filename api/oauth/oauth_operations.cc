#include "api/oauth/oauth_operations.h"

#include <string_view>

#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/error.h"
#include "api/http/media_type.h"
#include "api/oauth/client_json.h"
#include "api/oauth/oauth_answers.h"
#include "api/oauth/oauth_error.h"
#include "api/oauth/oauth_form.h"
#include "api/stacks/stacks_envelope.h"
#include "api/tokens/token_json.h"
#include "auth/token.h"

namespace tallyman::api {
namespace {

constexpr Tag kTag = {"OAuth",
                      "Programs that fetch tokens of limited life themselves "
                      "(RFC 6749, section 4.4)."};

constexpr std::string_view kGrants[] = {kClientCredentialsGrant};

constexpr Field kIdField = {
    kClientId,
    String("The client, unless the header `Authorization` has it.",
           kClientIdExample),
    kOptional};
constexpr Field kSecretField = {
    kClientSecret,
    String("Its secret, unless the header `Authorization` has it.",
           kClientSecretExample),
    kOptional};

constexpr Field kTokenRequestFields[] = {
    {kGrantType, OneOf(ConstantValues<kGrants>,
                       String("The only grant.", kClientCredentialsGrant))},
    {kScopeName,
     String("Scopes of the client, separated by spaces; all if absent.",
            "public"),
     kOptional},
    kIdField,
    kSecretField,
};
constexpr Field kRevocationFields[] = {
    {kTokenName,
     String("The token to revoke.", kTokenParameter.schema.example)},
    {kTokenTypeHint, String("Has no effect.", "access_token"), kOptional},
    kIdField,
    kSecretField,
};
constexpr Schema kTokenRequest =
    Object("TokenRequest", "A request for a token.", kTokenRequestFields);
constexpr Schema kRevocation =
    Object("Revocation", "The end of a token.", kRevocationFields);
constexpr Content kTokenRequestBodies[] = {
    {.media_type = kFormMediaType, .schema = &kTokenRequest}};
constexpr Content kRevocationBodies[] = {
    {.media_type = kFormMediaType, .schema = &kRevocation}};

constexpr Content kAccessTokenContents[] = {{.schema = &kAccessTokenSchema}};
constexpr Header kPragma = {
    .name = "Pragma", .schema = String("For caches of HTTP/1.0.", "no-cache")};
constexpr const Header* kTokenHeaders[] = {&kPragma};
constexpr Schema kEmpty = AnyObject("An empty object.", "{}");
constexpr Content kEmptyContents[] = {{.schema = &kEmpty}};
constexpr Answer kTokenAnswers[] = {{.description = "The token.",
                                     .contents = kAccessTokenContents,
                                     .headers = kTokenHeaders},
                                    kOAuthBadRequest,
                                    kOAuthUnauthorized};
constexpr Answer kRevocationAnswers[] = {
    {.description = "The token is not valid, or no longer.",
     .contents = kEmptyContents},
    kOAuthBadRequest,
    kOAuthUnauthorized};
constexpr Content kMetadataContents[] = {{.schema = &kMetadataSchema}};
constexpr Answer kMetadataAnswers[] = {
    {.description = "The metadata.", .contents = kMetadataContents}};

constexpr Parameter kId = {.name = "id",
                           .schema = Integer("The id of the client.", "1", 1)};
constexpr const Parameter* kPath[] = {&kId};
constexpr const Parameter* kPageQuery[] = {&kPageParameter, &kPerPageParameter};
constexpr Answer kPage[] = {{.description = "A page of the clients.",
                             .contents = kPageContent<kClientSchema>}};
constexpr Answer kOne[] = {
    {.description = "The client.", .contents = kOneContent<kClientSchema>}};
constexpr const Header* kCreatedHeaders[] = {&kLocationHeader};
constexpr Answer kCreated[] = {
    {.status = 201,
     .description = "The client, with its secret. It is shown only here.",
     .contents = kOneContent<kNewClientSchema>,
     .headers = kCreatedHeaders}};
constexpr Content kBodies[] = {{.schema = &kClientSpecSchema}};
constexpr ErrorKind kCreateErrors[] = {ErrorKind::kConflict};

}  // namespace

constexpr Operation kIssueToken = {
    .id = "issueToken",
    .method = "POST",
    .path = kTokenPath,
    .tag = &kTag,
    .summary = "Issues a token to a client",
    .description =
        "The client authenticates by `Authorization: Basic` or in the body. "
        "Its tokens share its limits, and so do its requests here. Beyond a "
        "fixed number of valid tokens, a further one replaces the oldest.",
    .bodies = kTokenRequestBodies,
    .answers = kTokenAnswers,
};

constexpr Operation kRevokeOAuthToken = {
    .id = "revokeOAuthToken",
    .method = "POST",
    .path = kRevocationPath,
    .tag = &kTag,
    .summary = "Revokes a token of a client",
    .description =
        "The client authenticates as above, and may revoke its own tokens "
        "only. An unknown token is as good as a revoked one.",
    .bodies = kRevocationBodies,
    .answers = kRevocationAnswers,
};

constexpr Operation kGetOAuthMetadata = {
    .id = "getOAuthMetadata",
    .method = "GET",
    .path = kMetadataPath,
    .is_at_root_only = true,
    .tag = &kTag,
    .summary = "Describes the server to clients",
    .answers = kMetadataAnswers,
};

constexpr Operation kListClients = {
    .id = "listClients",
    .method = "GET",
    .path = "/oauth/clients",
    .tag = &kTag,
    .summary = "Lists the clients",
    .description = "Also those that were revoked.",
    .scope = auth::Scope::kAdmin,
    .query = kPageQuery,
    .answers = kPage,
};

constexpr Operation kCreateClient = {
    .id = "createClient",
    .method = "POST",
    .path = "/oauth/clients",
    .tag = &kTag,
    .summary = "Makes a client",
    .description =
        "Only the hash of its secret is kept: the answer is the only place "
        "that shows the secret.",
    .scope = auth::Scope::kAdmin,
    .bodies = kBodies,
    .answers = kCreated,
    .errors = kCreateErrors,
};

constexpr Operation kGetClient = {
    .id = "getClient",
    .method = "GET",
    .path = "/oauth/clients/{id}",
    .tag = &kTag,
    .summary = "Shows a client",
    .scope = auth::Scope::kAdmin,
    .path_parameters = kPath,
    .answers = kOne,
};

constexpr Operation kRevokeClient = {
    .id = "revokeClient",
    .method = "DELETE",
    .path = "/oauth/clients/{id}",
    .tag = &kTag,
    .summary = "Revokes a client and its tokens",
    .description = "Repeating this is harmless.",
    .scope = auth::Scope::kAdmin,
    .path_parameters = kPath,
    .answers = kOne,
};

}  // namespace tallyman::api
