// Sends deliveries over HTTP and HTTPS.

#ifndef TALLYMAN_SERVER_WEBHOOKS_HTTP_WEBHOOK_SENDER_H_
#define TALLYMAN_SERVER_WEBHOOKS_HTTP_WEBHOOK_SENDER_H_

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/webhooks/host_resolver.h"
#include "stacks/webhooks/webhook_sender.h"
#include "stacks/webhooks/webhook_url.h"

namespace httplib {
class Client;
}  // namespace httplib

namespace tallyman::server {

// Connects only to addresses that the hosts allow: the name is resolved once,
// the address is checked, and the connection goes to that address. Follows no
// redirect, uses no proxy, and reads little of an answer. Certificates are
// checked for the name of the host. Thread-safe.
class HttpWebhookSender final : public stacks::WebhookSender {
 public:
  using Resolve = std::function<absl::StatusOr<std::vector<std::string>>(
      const std::string& host)>;

  struct Options {
    // For the lookup of the name, for connect(2) with the TLS handshake, and
    // for request and answer.
    absl::Duration resolve_timeout = absl::Seconds(3);
    absl::Duration connect_timeout = absl::Seconds(3);
    absl::Duration exchange_timeout = absl::Seconds(10);
    // PEM; "": those of the system.
    std::string ca_file;
    // In place of the system's resolver.
    Resolve resolve = nullptr;
  };

  // `hosts` must outlive the sender.
  HttpWebhookSender(const stacks::WebhookHosts& hosts, Options options);

  absl::StatusOr<int> Post(const stacks::WebhookRequest& request) override
      ABSL_LOCKS_EXCLUDED(mutex_);
  void Stop() override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // The first address of the host that is allowed.
  absl::StatusOr<std::string> FindAddress(const stacks::WebhookUrl& url);
  absl::StatusOr<int> Exchange(httplib::Client& client,
                               const stacks::WebhookRequest& request)
      ABSL_LOCKS_EXCLUDED(mutex_);

  const stacks::WebhookHosts& hosts_;
  const Options options_;
  HostResolver resolver_;
  absl::Mutex mutex_;
  bool is_stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<httplib::Client*> under_way_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_WEBHOOKS_HTTP_WEBHOOK_SENDER_H_
