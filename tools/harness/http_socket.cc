#include "tools/harness/http_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "tools/harness/pidfd.h"

namespace tallyman::harness {
namespace {

// Removes the first line, with its end, from `text`, and returns it without.
std::string_view TakeLine(std::string_view& text) {
  const size_t end = text.find("\r\n");
  const std::string_view line = text.substr(0, end);
  text =
      end == std::string_view::npos ? std::string_view() : text.substr(end + 2);
  return line;
}

// The error that `errno` stands for, of a connection that is no longer usable.
absl::Status Closed(std::string_view doing) {
  return absl::UnavailableError(absl::ErrnoToStatus(errno, doing).message());
}

}  // namespace

absl::StatusOr<HttpHead> ParseHttpHead(std::string_view text) {
  constexpr size_t kTypicalHeaders = 16;
  const std::string_view status_line = TakeLine(text);
  HttpHead head;
  const size_t space = status_line.find(' ');
  if (space == std::string_view::npos ||
      !absl::SimpleAtoi(status_line.substr(space + 1, 3), &head.status)) {
    return absl::InternalError(absl::StrCat(
        "\"", status_line, "\" is not the status line of an HTTP response"));
  }
  head.headers.reserve(kTypicalHeaders);
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      return absl::InternalError(absl::StrCat("\"", line, "\" is no header"));
    }
    const std::string_view name = line.substr(0, colon);
    const std::string_view value =
        absl::StripAsciiWhitespace(line.substr(colon + 1));
    head.headers.emplace_back(name, value);
    size_t length = 0;
    if (absl::EqualsIgnoreCase(name, "Content-Length") &&
        absl::SimpleAtoi(value, &length)) {
      head.body_size = length;
    }
  }
  return head;
}

absl::StatusOr<HttpSocket> HttpSocket::Connect(int port,
                                               absl::Duration timeout) {
  base::UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "socket");
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (timeout != absl::InfiniteDuration()) {
    const timeval limit = absl::ToTimeval(timeout);
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  }
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) != 0) {
    return absl::ErrnoToStatus(errno,
                               absl::StrCat("connecting to port ", port));
  }
  return HttpSocket(std::move(fd));
}

absl::Status HttpSocket::Send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent =
        send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return Closed("sending");
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return absl::OkStatus();
}

void HttpSocket::CloseWrite() const { shutdown(fd_.get(), SHUT_WR); }

absl::StatusOr<size_t> HttpSocket::Receive(char* to, size_t size) const {
  ssize_t got = 0;
  do {
    got = recv(fd_.get(), to, size, 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) {
    return absl::DeadlineExceededError("the server does not answer in time");
  }
  if (got < 0) return Closed("receiving");
  if (got == 0) {
    return absl::UnavailableError("the server has closed the connection");
  }
  return static_cast<size_t>(got);
}

bool HttpSocket::HasInput() const {
  return AwaitReadable(fd_, absl::ZeroDuration());
}

}  // namespace tallyman::harness
