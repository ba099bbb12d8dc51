#include "tools/crowd/idle_connections.h"

#include <sys/socket.h>
#include <sys/types.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/unique_fd.h"
#include "server/tls/testing/tls_client.h"
#include "tools/crowd/answer_reader.h"
#include "tools/crowd/loopback.h"
#include "tools/crowd/tls_visit.h"

namespace tallyman::crowd {
namespace {

constexpr size_t kBufferSize = size_t{64} << 10;

absl::Status StatusFrom(int http_status) {
  if (http_status == 200) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("the server answers ", http_status));
}

absl::Status FetchPlain(int fd, std::string_view request) {
  const ssize_t sent = send(fd, request.data(), request.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(request.size())) {
    return absl::ErrnoToStatus(errno, "sending");
  }
  std::array<char, kBufferSize> buffer;
  AnswerReader reader;
  while (!reader.is_complete()) {
    const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
    if (got < 0) return absl::ErrnoToStatus(errno, "receiving");
    if (got == 0) {
      return absl::UnavailableError("the server has closed the connection");
    }
    if (!reader.Feed({buffer.data(), static_cast<size_t>(got)})) {
      return absl::InternalError("the bytes are not one answer");
    }
  }
  return StatusFrom(reader.status());
}

absl::Status InConnection(size_t index, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat("connection ", index + 1,
                                                  ": ", status.message()));
}

bool IsQuiet(int fd) {
  char byte = 0;
  return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

}  // namespace

absl::StatusOr<IdleConnections> IdleConnections::Open(int port,
                                                      std::string_view request,
                                                      size_t count) {
  IdleConnections connections;
  connections.plain_.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    absl::StatusOr<base::UniqueFd> fd =
        ConnectLoopback({.port = port, .index = i});
    if (!fd.ok()) return InConnection(i, fd.status());
    const absl::Status fetched = FetchPlain(fd->get(), request);
    if (!fetched.ok()) return InConnection(i, fetched);
    connections.plain_.push_back(*std::move(fd));
  }
  return connections;
}

absl::StatusOr<IdleConnections> IdleConnections::OpenTls(
    int port, std::string_view request, size_t count,
    const server::TlsClientContext& tls) {
  IdleConnections connections;
  connections.encrypted_.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    absl::StatusOr<std::unique_ptr<server::TlsClient>> connection =
        ConnectTls(tls, port, i);
    if (!connection.ok()) return InConnection(i, connection.status());
    const absl::Status fetched = FetchTls(**connection, request);
    if (!fetched.ok()) return InConnection(i, fetched);
    connections.encrypted_.push_back(*std::move(connection));
  }
  return connections;
}

size_t IdleConnections::CountClosed() const {
  size_t closed = 0;
  for (const base::UniqueFd& fd : plain_) {
    if (!IsQuiet(fd.get())) ++closed;
  }
  for (const auto& connection : encrypted_) {
    if (!IsQuiet(connection->fd())) ++closed;
  }
  return closed;
}

}  // namespace tallyman::crowd
