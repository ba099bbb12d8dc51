#include "server/net/unix_socket_file.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"
#include "server/net/listen_address.h"
#include "server/net/posix/native_sockets.h"

namespace tallyman::server {
namespace {

constexpr mode_t kPermissions = 0777;

// `path` has at most kMaxUnixPathBytes.
sockaddr_un AddressOf(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  absl::c_copy(path, address.sun_path);
  return address;
}

const sockaddr* Plain(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// lstat(2); nullopt and errno if that fails.
std::optional<struct stat> Lookup(const std::string& path) {
  struct stat found = {};
  if (lstat(path.c_str(), &found) != 0) return std::nullopt;
  return found;
}

bool IsSameFile(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

absl::Status LiveServerError() {
  return absl::AlreadyExistsError(
      "a server listens there already; choose another path, or stop that "
      "server");
}

// Removes the socket of a dead server. OK also if there is no file any more.
absl::Status RemoveStale(const std::string& path) {
  const std::optional<struct stat> before = Lookup(path);
  if (!before.has_value()) {
    return errno == ENOENT ? absl::OkStatus()
                           : absl::ErrnoToStatus(errno, "lstat");
  }
  if (!S_ISSOCK(before->st_mode)) {
    return absl::AlreadyExistsError(
        "a file that is not a socket has this path; it is not replaced");
  }
  const base::UniqueFd probe = sockets::NewStreamSocket(AF_UNIX);
  if (!probe.valid()) return absl::ErrnoToStatus(errno, "socket");
  const sockaddr_un address = AddressOf(path);
  const int error =
      connect(probe.get(), Plain(address), sizeof(address)) == 0 ? 0 : errno;
  switch (error) {
    case ECONNREFUSED:  // No process has the socket.
      break;
    case ENOENT:
      return absl::OkStatus();
    case 0:
    case EAGAIN:      // A server whose queue is full.
    case EPROTOTYPE:  // A server with datagrams.
      return LiveServerError();
    default:
      return absl::ErrnoToStatus(
          error, "a socket is there, and connecting to it fails");
  }
  // Not a file that another server has made meanwhile.
  const std::optional<struct stat> now = Lookup(path);
  if (now.has_value() && IsSameFile(*before, *now) &&
      unlink(path.c_str()) != 0 && errno != ENOENT) {
    return absl::ErrnoToStatus(errno, "removing the socket of a dead server");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<UnixSocketFile> UnixSocketFile::Bind(int socket,
                                                    const std::string& path,
                                                    uint32_t mode) {
  if (absl::Status valid = CheckUnixPath(path); !valid.ok()) return valid;
  std::error_code error;
  UnixSocketFile file;
  const std::string absolute = std::filesystem::absolute(path, error);
  if (error) return absl::ErrnoToStatus(error.value(), "working directory");
  const sockaddr_un address = AddressOf(path);
  if (bind(socket, Plain(address), sizeof(address)) != 0) {
    if (errno != EADDRINUSE) return absl::ErrnoToStatus(errno, "bind");
    if (absl::Status free = RemoveStale(path); !free.ok()) return free;
    if (bind(socket, Plain(address), sizeof(address)) != 0) {
      // Another server was faster.
      if (errno == EADDRINUSE) return LiveServerError();
      return absl::ErrnoToStatus(errno, "bind");
    }
  }
  const std::optional<struct stat> made = Lookup(path);
  if (!made.has_value()) return absl::ErrnoToStatus(errno, "lstat");
  file.path_ = absolute;
  file.device_ = static_cast<uint64_t>(made->st_dev);
  file.inode_ = static_cast<uint64_t>(made->st_ino);
  if (chmod(path.c_str(), mode & kPermissions) != 0) {
    return absl::ErrnoToStatus(errno, "chmod");
  }
  return file;
}

bool UnixSocketFile::IsInPlace() const {
  if (path_.empty()) return false;
  const std::optional<struct stat> now = Lookup(path_);
  return now.has_value() && static_cast<uint64_t>(now->st_dev) == device_ &&
         static_cast<uint64_t>(now->st_ino) == inode_;
}

void UnixSocketFile::Remove() {
  if (IsInPlace()) unlink(path_.c_str());
  path_.clear();
}

}  // namespace tallyman::server
