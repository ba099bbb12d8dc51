#include "server/handlers/webhook_handlers.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/http/media_type.h"
#include "api/json/json_writer.h"
#include "api/webhooks/webhook_json.h"
#include "api/webhooks/webhook_operations.h"
#include "auth/secret.h"
#include "platform/base/text.h"
#include "server/handlers/responses.h"
#include "server/routing/router.h"
#include "stacks/webhooks/webhook.h"
#include "stacks/webhooks/webhook_store.h"
#include "stacks/webhooks/webhook_url.h"

namespace tallyman::server {
namespace {

using stacks::Webhook;
using stacks::WebhookStore;

// `secret` is null except in the response that creates the webhook.
api::Response RenderWebhook(const RequestContext& context,
                            const Webhook& webhook,
                            const auth::Secret* secret) {
  return RenderItem(context, [&](api::JsonWriter& json) {
    api::WriteWebhook(webhook, secret, json);
  });
}

absl::Status CheckHost(const stacks::WebhookHosts& hosts,
                       const stacks::WebhookSpec& spec) {
  if (absl::Status valid = stacks::Validate(spec); !valid.ok()) return valid;
  if (hosts.empty()) {
    return absl::InvalidArgumentError(
        "url: the flag --webhook_hosts of the server allows no hosts");
  }
  const absl::StatusOr<stacks::WebhookUrl> url =
      stacks::ParseWebhookUrl(spec.url);
  if (!url.ok()) return url.status();
  if (!hosts.Allows(*url)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "url: ", url->is_https ? "https" : "http", " to the host ",
        base::Quote(url->host), " and the port ", url->port,
        " is not allowed by the flag --webhook_hosts of the server"));
  }
  return absl::OkStatus();
}

HandlerResult ListWebhooks(const WebhookStore& store,
                           const RequestContext& context) {
  const std::vector<Webhook> webhooks = store.List();
  return RenderItems(context, webhooks.size(),
                     [&](api::JsonWriter& json, size_t i) {
                       api::WriteWebhook(webhooks[i], /*secret=*/nullptr, json);
                     });
}

HandlerResult CreateWebhook(WebhookStore& store,
                            const stacks::WebhookHosts& hosts,
                            const RequestContext& context) {
  if (!api::HasContentType(context.request, api::kJsonMediaType)) {
    return api::UnsupportedMediaType(
        context.request,
        R"(application/json, for example {"name":"pager",)"
        R"("url":"https://hooks.example.com/","events":["keeper_lost"]})");
  }
  const absl::StatusOr<stacks::WebhookSpec> spec =
      api::ParseWebhookSpec(context.request.body);
  if (!spec.ok()) return api::ErrorFromStatus(spec.status());
  if (const absl::Status allowed = CheckHost(hosts, *spec); !allowed.ok()) {
    return api::ErrorFromStatus(allowed);
  }
  const absl::StatusOr<stacks::SignedWebhook> made =
      store.Create(*spec, std::string(context.user));
  if (!made.ok()) return api::ErrorFromStatus(made.status());
  api::Response response = RenderWebhook(context, made->webhook, &made->secret);
  SetCreated(context, absl::StrCat("/webhooks/", made->webhook.id), response);
  return response;
}

HandlerResult GetWebhook(const WebhookStore& store,
                         const RequestContext& context) {
  const absl::StatusOr<int64_t> id = ParseItemId(context, "webhook");
  if (!id.ok()) return api::ErrorFromStatus(id.status());
  const absl::StatusOr<Webhook> webhook = store.Get(*id);
  if (!webhook.ok()) return api::ErrorFromStatus(webhook.status());
  return RenderWebhook(context, *webhook, /*secret=*/nullptr);
}

HandlerResult DeleteWebhook(WebhookStore& store,
                            const RequestContext& context) {
  const absl::StatusOr<int64_t> id = ParseItemId(context, "webhook");
  if (!id.ok()) return api::ErrorFromStatus(id.status());
  const absl::StatusOr<Webhook> deleted =
      store.Delete(*id, std::string(context.user));
  if (!deleted.ok()) return api::ErrorFromStatus(deleted.status());
  return RenderWebhook(context, *deleted, /*secret=*/nullptr);
}

}  // namespace

void AddWebhookRoutes(WebhookStore& store, const stacks::WebhookHosts& hosts,
                      const std::function<void()>& on_change, Router& router) {
  router.Add(api::kListWebhooks, [&store](const RequestContext& context) {
    return ListWebhooks(store, context);
  });
  router.Add(api::kCreateWebhook,
             [&store, &hosts, on_change](const RequestContext& context) {
               HandlerResult result = CreateWebhook(store, hosts, context);
               on_change();
               return result;
             });
  router.Add(api::kGetWebhook, [&store](const RequestContext& context) {
    return GetWebhook(store, context);
  });
  router.Add(api::kDeleteWebhook,
             [&store, on_change](const RequestContext& context) {
               HandlerResult result = DeleteWebhook(store, context);
               on_change();
               return result;
             });
}

}  // namespace tallyman::server
