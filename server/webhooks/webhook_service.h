// Webhooks as a part of the server: store, deliveries, routes, metrics.

#ifndef TALLYMAN_SERVER_WEBHOOKS_WEBHOOK_SERVICE_H_
#define TALLYMAN_SERVER_WEBHOOKS_WEBHOOK_SERVICE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/metrics/metrics_writer.h"
#include "api/redaction/redaction.h"
#include "auth/clock.h"
#include "server/routing/router.h"
#include "server/webhooks/http_webhook_sender.h"
#include "stacks/registry/event_log.h"
#include "stacks/webhooks/webhook_deliverer.h"
#include "stacks/webhooks/webhook_store.h"
#include "stacks/webhooks/webhook_threads.h"
#include "stacks/webhooks/webhook_url.h"
#include "storage/database.h"

namespace tallyman::server {

// Thread-safe. The destructor ends requests under way; their deliveries are
// repeated by the next server.
class WebhookService {
 public:
  struct Options {
    // See stacks::WebhookHosts::Parse(); empty: no webhooks.
    std::vector<std::string> hosts;
    // The content of --webhooks_file, if there is one.
    std::optional<std::string> file;
    std::string ca_file;  // See HttpWebhookSender.
    absl::Duration first_retry_delay;
    std::function<void(const absl::Status&)> on_error;
  };

  // The references must outlive the service. InvalidArgument names what is
  // wrong with an option.
  static absl::StatusOr<std::unique_ptr<WebhookService>> Start(
      Options options, storage::Database& database, stacks::EventLog& events,
      const auth::Clock& clock, const api::Redactor& redactor);

  // The service must outlive the router.
  void AddRoutes(Router& router);

  void WriteMetrics(api::MetricsWriter& writer) const;

 private:
  WebhookService(stacks::WebhookHosts hosts, const std::string& ca_file);

  const stacks::WebhookHosts hosts_;
  HttpWebhookSender sender_;
  std::unique_ptr<stacks::WebhookStore> store_;
  std::unique_ptr<stacks::WebhookDeliverer> deliverer_;
  // Null without hosts: webhooks of an earlier start then keep their places.
  std::unique_ptr<stacks::WebhookThreads> threads_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_WEBHOOKS_WEBHOOK_SERVICE_H_
