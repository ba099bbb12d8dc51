#include "server/webhooks/webhook_service.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/metrics/metrics_writer.h"
#include "api/redaction/redaction.h"
#include "api/webhooks/delivery_json.h"
#include "api/webhooks/webhook_json.h"
#include "auth/clock.h"
#include "platform/base/text.h"
#include "server/handlers/webhook_handlers.h"
#include "server/routing/router.h"
#include "server/webhooks/http_webhook_sender.h"
#include "stacks/registry/event_log.h"
#include "stacks/webhooks/webhook_deliverer.h"
#include "stacks/webhooks/webhook_delivery.h"
#include "stacks/webhooks/webhook_store.h"
#include "stacks/webhooks/webhook_threads.h"
#include "stacks/webhooks/webhook_url.h"
#include "storage/database.h"

namespace tallyman::server {
namespace {

constexpr int kThreads = 4;

absl::StatusOr<std::vector<stacks::FileWebhook>> ReadFileWebhooks(
    const std::optional<std::string>& text, const stacks::WebhookHosts& hosts) {
  std::vector<stacks::FileWebhook> webhooks;
  if (!text) return webhooks;
  auto parsed = api::ParseWebhooksFile(*text);
  if (!parsed.ok()) return parsed.status();
  for (auto& [spec, secret] : *parsed) {
    const absl::StatusOr<stacks::WebhookUrl> url =
        stacks::ParseWebhookUrl(spec.url);
    if (url.ok() && !hosts.Allows(*url)) {
      return absl::InvalidArgumentError(
          absl::StrCat("webhook ", base::Quote(spec.name), ": url: the host ",
                       base::Quote(url->host), " is not in --webhook_hosts"));
    }
    webhooks.push_back({.spec = std::move(spec), .secret = std::move(secret)});
  }
  return webhooks;
}

}  // namespace

WebhookService::WebhookService(stacks::WebhookHosts hosts,
                               const std::string& ca_file)
    : hosts_(std::move(hosts)), sender_(hosts_, {.ca_file = ca_file}) {}

absl::StatusOr<std::unique_ptr<WebhookService>> WebhookService::Start(
    Options options, storage::Database& database, stacks::EventLog& events,
    const auth::Clock& clock, const api::Redactor& redactor) {
  absl::StatusOr<stacks::WebhookHosts> hosts =
      stacks::WebhookHosts::Parse(options.hosts);
  if (!hosts.ok()) return hosts.status();
  auto service =
      absl::WrapUnique(new WebhookService(*std::move(hosts), options.ca_file));
  auto store = stacks::WebhookStore::Open(database, events, clock, {});
  if (!store.ok()) return store.status();
  service->store_ = *std::move(store);
  absl::StatusOr<std::vector<stacks::FileWebhook>> file =
      ReadFileWebhooks(options.file, service->hosts_);
  absl::Status applied = file.status();
  if (applied.ok()) applied = service->store_->ApplyFile(*file);
  if (!applied.ok()) {
    return absl::Status(applied.code(),
                        absl::StrCat("--webhooks_file: ", applied.message()));
  }
  service->deliverer_ = std::make_unique<stacks::WebhookDeliverer>(
      stacks::WebhookDeliverer::Parts{
          .store = *service->store_,
          .events = events,
          .sender = service->sender_,
          .hosts = service->hosts_,
          .clock = clock,
          .renderer =
              [&redactor](stacks::WebhookDelivery& delivery, size_t max_bytes) {
                return api::RenderDelivery(delivery, max_bytes, redactor);
              }},
      stacks::WebhookDeliverer::Options{
          .retry = {.first_delay = options.first_retry_delay},
          .on_error = std::move(options.on_error)});
  if (!service->hosts_.empty()) {
    service->threads_ = std::make_unique<stacks::WebhookThreads>(
        *service->deliverer_, service->sender_, events, kThreads);
  }
  return service;
}

void WebhookService::AddRoutes(Router& router) {
  AddWebhookRoutes(
      *store_, hosts_,
      [this] {
        if (threads_ != nullptr) threads_->Wake();
      },
      router);
}

void WebhookService::WriteMetrics(api::MetricsWriter& writer) const {
  writer.BeginCounter("tallyman_webhook_deliveries",
                      "Attempts to deliver to webhooks.");
  for (const auto result :
       {stacks::DeliveryResult::kDelivered, stacks::DeliveryResult::kFailed,
        stacks::DeliveryResult::kGivenUp}) {
    writer.Sample({{"result", stacks::DeliveryResultName(result)}},
                  deliverer_->count(result));
  }
}

}  // namespace tallyman::server
