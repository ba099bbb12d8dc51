#include "tools/harness/http_client.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "tools/harness/http_connection.h"

namespace tallyman::harness {
namespace {

HttpConnection Connect(int port) {
  absl::StatusOr<HttpConnection> connection = HttpConnection::Connect(port);
  CHECK_OK(connection);
  return *std::move(connection);
}

ClientResponse ResponseOf(absl::StatusOr<ClientResponse> received) {
  if (absl::IsUnavailable(received.status())) return {};
  CHECK_OK(received);
  return *std::move(received);
}

}  // namespace

HttpClient::HttpClient(int port) : connection_(Connect(port)) {}

bool HttpClient::CanConnect(int port) {
  return HttpConnection::Connect(port).ok();
}

void HttpClient::Send(std::string_view bytes) const {
  CHECK_OK(connection_.Send(bytes));
}

bool HttpClient::TrySend(std::string_view bytes) const {
  return connection_.Send(bytes).ok();
}

ClientResponse HttpClient::Receive(bool is_head) {
  return ResponseOf(connection_.Receive(is_head));
}

ClientResponse HttpClient::Request(std::string_view method,
                                   std::string_view target,
                                   const std::vector<std::string>& headers,
                                   std::optional<std::string_view> body) {
  return ResponseOf(connection_.Request(method, target, headers, body));
}

ClientResponse HttpClient::Get(std::string_view target,
                               std::string_view token) {
  if (token.empty()) return Request("GET", target);
  return Request("GET", target,
                 {absl::StrCat("Authorization: Bearer ", token)});
}

}  // namespace tallyman::harness
