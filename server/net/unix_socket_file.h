// The file of a listening Unix socket: made with a mode, removed at the end.

#ifndef TALLYMAN_SERVER_NET_UNIX_SOCKET_FILE_H_
#define TALLYMAN_SERVER_NET_UNIX_SOCKET_FILE_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace tallyman::server {

// The destructor removes the file, unless another file has its name by then.
// Movable; a moved-from object is empty. Destroy it before the socket: as long
// as the socket is open, the kernel uses the inode number for no other file.
// Not thread-safe.
//
// Windows: Bind() fails.
//
// The directory must be writable only for trusted users: others could replace
// the file at any time.
class UnixSocketFile {
 public:
  // Binds `socket` to `path`; the caller calls listen(2) then, and after that
  // IsInPlace().
  //
  // The mode is set between bind(2) and listen(2). Until listen(2) the kernel
  // refuses every connection (connect(2): ECONNREFUSED), so nobody can use a
  // wider mode that the umask would give for a moment. umask(2) itself is
  // common to all threads, and a change would concern files of other threads.
  //
  // The file of a server that has died, to which connect(2) gives ECONNREFUSED,
  // is replaced. Errors say what is wrong, without the path: AlreadyExists if a
  // server listens there or if the path is that of another kind of file, which
  // is never removed; InvalidArgument if a socket cannot have this path; else
  // those of the system calls.
  static absl::StatusOr<UnixSocketFile> Bind(int socket,
                                             const std::string& path,
                                             uint32_t mode);

  // No file.
  UnixSocketFile() = default;
  UnixSocketFile(UnixSocketFile&& other) noexcept { Swap(other); }
  UnixSocketFile& operator=(UnixSocketFile&& other) noexcept {
    Swap(other);
    return *this;
  }
  ~UnixSocketFile() { Remove(); }

  // Whether the path still is that of this file. False after another server
  // that started at the same moment took a file that did not listen yet for
  // that of a dead server.
  bool IsInPlace() const;

  // Removes the file now, if it is in place.
  void Remove();

 private:
  void Swap(UnixSocketFile& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(device_, other.device_);
    std::swap(inode_, other.inode_);
  }

  std::string path_;  // Absolute: the working directory may change. "": none.
  uint64_t device_ = 0;
  uint64_t inode_ = 0;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_NET_UNIX_SOCKET_FILE_H_
