// The end of a service manager (sd_notify(3)), for tests.

#ifndef TALLYMAN_SERVER_LIFECYCLE_TESTING_NOTIFY_SOCKET_H_
#define TALLYMAN_SERVER_LIFECYCLE_TESTING_NOTIFY_SOCKET_H_

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "platform/base/unique_fd.h"

namespace tallyman::server {

// A directory whose path is short enough for an address of a Unix socket
// (unix(7)), which that of a test's own files need not be. Removed with the
// object. Dies (CHECK) on errors.
class NotifyDirectory {
 public:
  NotifyDirectory() : path_("/tmp/tallyman-XXXXXX") {
    CHECK(mkdtemp(path_.data()) != nullptr) << path_;
  }
  ~NotifyDirectory() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  NotifyDirectory(const NotifyDirectory&) = delete;
  NotifyDirectory& operator=(const NotifyDirectory&) = delete;

  std::string FilePath(std::string_view name) const {
    return absl::StrCat(path_, "/", name);
  }

 private:
  std::string path_;
};

// A datagram socket. Dies (CHECK) on errors.
class NotifySocket {
 public:
  // `name` is a path, or "@" and a name of the abstract namespace.
  explicit NotifySocket(std::string_view name)
      : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    CHECK_LT(name.size(), sizeof(address.sun_path));
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.front() == '@') address.sun_path[0] = '\0';
    const size_t size = offsetof(sockaddr_un, sun_path) + name.size();
    CHECK_EQ(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address),
                  static_cast<socklen_t>(size)),
             0)
        << name;
  }

  // Waits for the next message.
  std::string Receive() const {
    std::optional<std::string> message = Receive(0);
    CHECK(message.has_value());
    return *message;
  }
  // The next message, if it is there already.
  std::optional<std::string> TryReceive() const {
    return Receive(MSG_DONTWAIT);
  }

 private:
  std::optional<std::string> Receive(int flags) const {
    std::string message(4096, '\0');
    ssize_t got = 0;
    do {
      got = recv(fd_.get(), message.data(), message.size(), flags);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return std::nullopt;
    message.resize(static_cast<size_t>(got));
    return message;
  }

  const base::UniqueFd fd_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_LIFECYCLE_TESTING_NOTIFY_SOCKET_H_
