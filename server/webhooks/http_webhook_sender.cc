#include "server/webhooks/http_webhook_sender.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "httplib.h"
#include "server/webhooks/host_resolver.h"
#include "stacks/webhooks/signature.h"
#include "stacks/webhooks/webhook_sender.h"
#include "stacks/webhooks/webhook_url.h"

namespace tallyman::server {
namespace {

// Bytes of an answer's body that are read, and thrown away, so that the
// receiver can finish writing it.
constexpr size_t kMaxAnswerBytes = size_t{64} << 10;

// The host as in a URL: an IPv6 address in brackets.
std::string HostText(const std::string& host) {
  return absl::StrContains(host, ':') ? absl::StrCat("[", host, "]") : host;
}

}  // namespace

HttpWebhookSender::HttpWebhookSender(const stacks::WebhookHosts& hosts,
                                     Options options)
    : hosts_(hosts), options_(std::move(options)) {}

absl::StatusOr<std::string> HttpWebhookSender::FindAddress(
    const stacks::WebhookUrl& url) {
  std::vector<std::string> addresses = {url.host};
  if (!stacks::CanonicalAddress(url.host)) {
    absl::StatusOr<std::vector<std::string>> found =
        options_.resolve
            ? options_.resolve(url.host)
            : resolver_.Resolve(url.host, options_.resolve_timeout);
    if (!found.ok()) return found.status();
    addresses = *std::move(found);
  }
  for (const std::string& address : addresses) {
    const std::optional<std::string> canonical =
        stacks::CanonicalAddress(address);
    if (canonical && hosts_.AllowsAddress(url, *canonical)) return *canonical;
  }
  return absl::PermissionDeniedError(
      absl::StrCat("its host has the address ", addresses.front(),
                   ", which is not public and not in --webhook_hosts"));
}

absl::StatusOr<int> HttpWebhookSender::Post(
    const stacks::WebhookRequest& request) {
  const stacks::WebhookUrl& url = request.url;
  if (!hosts_.Allows(url)) {
    return absl::PermissionDeniedError("its host is not in --webhook_hosts");
  }
  const absl::StatusOr<std::string> address = FindAddress(url);
  if (!address.ok()) return address.status();

  httplib::Client client(absl::StrCat(url.is_https ? "https://" : "http://",
                                      HostText(url.host), ":", url.port));
  if (*address != url.host) {
    client.set_hostname_addr_map({{url.host, *address}});
  }
  client.set_connection_timeout(
      absl::ToChronoMilliseconds(options_.connect_timeout));
  client.set_read_timeout(
      absl::ToChronoMilliseconds(options_.exchange_timeout));
  client.set_write_timeout(
      absl::ToChronoMilliseconds(options_.exchange_timeout));
  client.set_max_timeout(absl::ToChronoMilliseconds(options_.exchange_timeout));
  client.set_follow_location(false);
  client.set_keep_alive(false);
  client.set_decompress(false);
  client.set_path_encode(false);
  if (url.is_https) {
    if (!options_.ca_file.empty()) client.set_ca_cert_path(options_.ca_file);
    client.enable_server_certificate_verification(true);
  }
  return Exchange(client, request);
}

absl::StatusOr<int> HttpWebhookSender::Exchange(
    httplib::Client& client, const stacks::WebhookRequest& request) {
  {
    absl::MutexLock lock(&mutex_);
    if (is_stopped_) return absl::CancelledError("the server stops");
    under_way_.insert(&client);
  }
  httplib::Request post;
  post.method = "POST";
  post.path = request.url.target;
  post.headers = {{"Content-Type", "application/json"},
                  {"User-Agent", "Tallyman-Webhooks"},
                  {std::string(stacks::kSignatureHeader), request.signature}};
  post.body = request.body;
  // For the limit of the whole exchange: only Client::Post() sets it.
  post.start_time_ = std::chrono::steady_clock::now();
  int status = 0;
  post.response_handler = [&status](const httplib::Response& answer) {
    status = answer.status;
    return true;
  };
  size_t read = 0;
  post.content_receiver = [&read](const char* /*data*/, size_t size,
                                  size_t /*offset*/, size_t /*total*/) {
    read += size;
    return read <= kMaxAnswerBytes;
  };
  const httplib::Result result = client.send(post);
  absl::MutexLock lock(&mutex_);
  under_way_.erase(&client);
  // The head decides: a body that breaks off changes nothing.
  if (status != 0) return status;
  if (result) return result->status;
  if (is_stopped_) return absl::CancelledError("the server stops");
  return absl::UnavailableError(
      absl::StrCat("no answer: ", httplib::to_string(result.error())));
}

void HttpWebhookSender::Stop() {
  resolver_.Stop();
  absl::MutexLock lock(&mutex_);
  is_stopped_ = true;
  for (httplib::Client* const client : under_way_) client->stop();
}

}  // namespace tallyman::server
