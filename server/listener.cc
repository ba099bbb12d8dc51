#include "server/listen_address.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tallyman::server {

std::string UrlOf(const std::string& host, int port) {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return absl::StrCat("http://", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "",
                      ":", port);
}

absl::Status BindError(const std::string& host, int port) {
  const std::string where =
      absl::StrCat("cannot listen on ", UrlOf(host, port));
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int lookup =
      getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (lookup != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, ": ", gai_strerror(lookup)));
  }
  const absl::Cleanup free_found = [found] { freeaddrinfo(found); };
  int error = 0;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    const int fd = socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      error = errno;
      continue;
    }
    const absl::Cleanup close_fd = [fd] { close(fd); };
    const int one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, each->ai_addr, each->ai_addrlen) == 0) {
      return absl::OkStatus();
    }
    error = errno;
  }
  absl::Status status = absl::ErrnoToStatus(error, where);
  if (error == EADDRINUSE) {
    return absl::AlreadyExistsError(
        absl::StrCat(status.message(),
                     "; choose another one with --port, or stop the "
                     "program that uses it"));
  }
  return status;
}

}  // namespace tallyman::server
