#include "tools/harness/http_connection.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tools/harness/http_socket.h"

namespace tallyman::harness {

std::string ClientResponse::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return "";
}

absl::StatusOr<HttpConnection> HttpConnection::Connect(int port,
                                                       absl::Duration timeout) {
  absl::StatusOr<HttpSocket> socket = HttpSocket::Connect(port, timeout);
  if (!socket.ok()) return socket.status();
  return HttpConnection(*std::move(socket));
}

absl::Status HttpConnection::ReceiveMore() {
  std::array<char, 16384> bytes;
  const absl::StatusOr<size_t> got =
      socket_.Receive(bytes.data(), bytes.size());
  if (!got.ok()) return got.status();
  buffer_.append(bytes.data(), *got);
  return absl::OkStatus();
}

absl::StatusOr<ClientResponse> HttpConnection::Receive(bool is_head) {
  size_t head_size = 0;
  while ((head_size = buffer_.find(kHeadEnd)) == std::string::npos) {
    if (absl::Status got = ReceiveMore(); !got.ok()) return got;
  }
  const absl::StatusOr<HttpHead> head =
      ParseHttpHead(std::string_view(buffer_).substr(0, head_size));
  if (!head.ok()) return head.status();
  ClientResponse response = {.status = head->status};
  response.headers.reserve(head->headers.size());
  for (const auto& [name, value] : head->headers) {
    response.headers.emplace_back(name, value);
  }
  const size_t body_size = is_head ? 0 : head->body_size.value_or(0);
  buffer_.erase(0, head_size + kHeadEnd.size());
  while (buffer_.size() < body_size) {
    const absl::Status got = ReceiveMore();
    if (absl::IsUnavailable(got)) {
      return absl::DataLossError(absl::StrCat("within a body of ", body_size,
                                              " bytes, after ", buffer_.size(),
                                              ": ", got.message()));
    }
    if (!got.ok()) return got;
  }
  response.body = buffer_.substr(0, body_size);
  buffer_.erase(0, body_size);
  return response;
}

absl::StatusOr<ClientResponse> HttpConnection::Request(
    std::string_view method, std::string_view target,
    const std::vector<std::string>& headers,
    std::optional<std::string_view> body) {
  std::string text =
      absl::StrCat(method, " ", target, " HTTP/1.1\r\nHost: localhost\r\n");
  for (const std::string& header : headers) {
    absl::StrAppend(&text, header, "\r\n");
  }
  if (body) absl::StrAppend(&text, "Content-Length: ", body->size(), "\r\n");
  absl::StrAppend(&text, "\r\n", body.value_or(""));
  if (absl::Status sent = Send(text); !sent.ok()) return sent;
  return Receive(method == "HEAD");
}

bool HttpConnection::AwaitClose() {
  return buffer_.empty() && absl::IsUnavailable(ReceiveMore());
}

}  // namespace tallyman::harness
