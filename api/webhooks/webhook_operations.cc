#include "api/webhooks/webhook_operations.h"

#include "absl/types/span.h"
#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/error.h"
#include "api/stacks/stacks_envelope.h"
#include "api/webhooks/webhook_json.h"
#include "auth/token.h"

namespace tallyman::api {
namespace {

constexpr Tag kTag = {
    "Webhooks", "URLs to which events are posted, signed, at least once."};

constexpr Parameter kId = {.name = "id",
                           .schema = Integer("The id of the webhook.", "1", 1)};
constexpr const Parameter* kPath[] = {&kId};
constexpr const Parameter* kPageQuery[] = {&kPageParameter, &kPerPageParameter};

constexpr Answer kPage[] = {{.description = "A page of the webhooks.",
                             .contents = kPageContent<kWebhookSchema>}};
constexpr Answer kOne[] = {
    {.description = "The webhook.", .contents = kOneContent<kWebhookSchema>}};
constexpr const Header* kCreatedHeaders[] = {&kLocationHeader};
constexpr Answer kCreated[] = {
    {.status = 201,
     .description = "The webhook, with its secret. It is shown only here.",
     .contents = kOneContent<kNewWebhookSchema>,
     .headers = kCreatedHeaders}};
constexpr Content kBodies[] = {{.schema = &kWebhookSpecSchema}};

constexpr ErrorKind kErrors[] = {ErrorKind::kNotImplemented};
constexpr ErrorKind kCreateErrors[] = {ErrorKind::kConflict,
                                       ErrorKind::kNotImplemented};

constexpr const Operation* kOperations[] = {&kListWebhooks, &kCreateWebhook,
                                            &kGetWebhook, &kDeleteWebhook};

}  // namespace

absl::Span<const Operation* const> WebhookOperations() { return kOperations; }

constexpr Operation kListWebhooks = {
    .id = "listWebhooks",
    .method = "GET",
    .path = "/webhooks",
    .tag = &kTag,
    .summary = "Lists the webhooks",
    .scope = auth::Scope::kAdmin,
    .query = kPageQuery,
    .answers = kPage,
    .errors = kErrors,
};

constexpr Operation kCreateWebhook = {
    .id = "createWebhook",
    .method = "POST",
    .path = "/webhooks",
    .tag = &kTag,
    .summary = "Makes a webhook",
    .description =
        "It gets the events from now on, in the order of their ids, in bodies "
        "as `docs/webhooks.md` describes them. Each delivery has the header "
        "`Tallyman-Signature: t=SECONDS,v1=HEX`, the HMAC-SHA-256 of "
        "`SECONDS.BODY` with the secret as the key. The answer is the only "
        "place that shows the secret.",
    .scope = auth::Scope::kAdmin,
    .bodies = kBodies,
    .answers = kCreated,
    .errors = kCreateErrors,
};

constexpr Operation kGetWebhook = {
    .id = "getWebhook",
    .method = "GET",
    .path = "/webhooks/{id}",
    .tag = &kTag,
    .summary = "Shows a webhook",
    .scope = auth::Scope::kAdmin,
    .path_parameters = kPath,
    .answers = kOne,
    .errors = kErrors,
};

constexpr Operation kDeleteWebhook = {
    .id = "deleteWebhook",
    .method = "DELETE",
    .path = "/webhooks/{id}",
    .tag = &kTag,
    .summary = "Deletes a webhook and its secret",
    .description =
        "Events that wait for it are not delivered. A request under way to its "
        "receiver goes on.",
    .scope = auth::Scope::kAdmin,
    .path_parameters = kPath,
    .answers = kOne,
    .errors = kErrors,
};

}  // namespace tallyman::api
