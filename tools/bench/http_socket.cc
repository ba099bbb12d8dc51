#include "tools/bench/http_socket.h"

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
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "platform/base/unique_fd.h"

namespace tallyman::bench {
namespace {

constexpr time_t kTimeoutSeconds = 60;

}  // namespace

absl::StatusOr<HttpHead> ParseHttpHead(std::string_view text) {
  const std::vector<std::string_view> lines = absl::StrSplit(text, "\r\n");
  const std::vector<std::string_view> words = absl::StrSplit(lines[0], ' ');
  HttpHead head;
  if (words.size() < 2 || !absl::SimpleAtoi(words[1], &head.status)) {
    return absl::InternalError(
        absl::StrCat("\"", lines[0], "\" is no answer of HTTP"));
  }
  for (const std::string_view line : lines) {
    const std::pair<std::string_view, std::string_view> header =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    if (absl::EqualsIgnoreCase(header.first, "Content-Length") &&
        absl::SimpleAtoi(absl::StripAsciiWhitespace(header.second),
                         &head.body_size)) {
      return head;
    }
  }
  return absl::InternalError("an answer without Content-Length");
}

absl::StatusOr<HttpSocket> HttpSocket::Connect(int port) {
  base::UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "socket");
  const int on = 1;
  const timeval timeout = {.tv_sec = kTimeoutSeconds, .tv_usec = 0};
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
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
    if (sent < 0) return absl::ErrnoToStatus(errno, "sending");
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> HttpSocket::Receive(char* to, size_t size) const {
  ssize_t got = 0;
  do {
    got = recv(fd_.get(), to, size, 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) {
    return absl::DeadlineExceededError("the server does not answer");
  }
  if (got < 0) return absl::ErrnoToStatus(errno, "receiving");
  if (got == 0) {
    return absl::UnavailableError("the server has closed the connection");
  }
  return static_cast<size_t>(got);
}

}  // namespace tallyman::bench
