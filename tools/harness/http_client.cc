#include "tools/harness/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tallyman::harness {
namespace {

// A connected socket; -1 if nobody listens.
int Connect(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK_GE(fd, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) ==
      0) {
    return fd;
  }
  close(fd);
  return -1;
}

}  // namespace

std::string ClientResponse::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return "";
}

HttpClient::HttpClient(int port) : fd_(Connect(port)) {
  CHECK_GE(fd_, 0) << "nothing listens on port " << port;
}

HttpClient::~HttpClient() { close(fd_); }

bool HttpClient::CanConnect(int port) {
  const int fd = Connect(port);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

void HttpClient::Send(std::string_view bytes) const { CHECK(TrySend(bytes)); }

bool HttpClient::TrySend(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool HttpClient::ReadMore() {
  char bytes[16384];
  ssize_t got = 0;
  do {
    got = read(fd_, bytes, sizeof(bytes));
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return false;
  buffer_.append(bytes, static_cast<size_t>(got));
  return true;
}

ClientResponse HttpClient::Receive(bool is_head) {
  size_t head_end = 0;
  while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!ReadMore()) return {};
  }
  ClientResponse response;
  const std::vector<std::string> lines =
      absl::StrSplit(buffer_.substr(0, head_end), "\r\n");
  buffer_.erase(0, head_end + 4);
  CHECK(absl::SimpleAtoi(lines[0].substr(lines[0].find(' ') + 1, 3),
                         &response.status))
      << lines[0];
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::pair<std::string, std::string> header =
        absl::StrSplit(lines[i], absl::MaxSplits(':', 1));
    response.headers.emplace_back(header.first,
                                  absl::StripAsciiWhitespace(header.second));
  }
  size_t length = 0;
  if (!absl::SimpleAtoi(response.Header("Content-Length"), &length) ||
      is_head) {
    return response;
  }
  while (buffer_.size() < length) CHECK(ReadMore()) << "cut off";
  response.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return response;
}

bool HttpClient::IsClosed() { return buffer_.empty() && !ReadMore(); }

ClientResponse HttpClient::Request(std::string_view method,
                                   std::string_view target,
                                   const std::vector<std::string>& headers,
                                   std::optional<std::string_view> body) {
  std::string text =
      absl::StrCat(method, " ", target, " HTTP/1.1\r\nHost: localhost\r\n");
  for (const std::string& header : headers) {
    absl::StrAppend(&text, header, "\r\n");
  }
  if (body) absl::StrAppend(&text, "Content-Length: ", body->size(), "\r\n");
  absl::StrAppend(&text, "\r\n", body.value_or(""));
  Send(text);
  return Receive(method == "HEAD");
}

ClientResponse HttpClient::Get(std::string_view target,
                               std::string_view token) {
  if (token.empty()) return Request("GET", target);
  return Request("GET", target,
                 {absl::StrCat("Authorization: Bearer ", token)});
}

}  // namespace tallyman::harness
