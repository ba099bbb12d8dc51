// The directory with all files of a server, for one server at a time.
//
// The lock is flock(2) on the file `lock` in the directory; on Windows, that
// file opened so that no other process can open it for writing. The kernel
// releases it when the process ends, however that ends: a lock is never stale.
//
// Example: storage/database_example_test.cc

#ifndef TALLYMAN_STORAGE_DATA_DIRECTORY_H_
#define TALLYMAN_STORAGE_DATA_DIRECTORY_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace tallyman::storage {

// An open and locked data directory. Movable; holds the lock until it is
// destroyed. The descriptor of the lock is close-on-exec; a forked child that
// does not exec shares the lock until it ends. Thread-safe.
class DataDirectory {
 public:
  // Opens `path`, which may be relative, and locks it. Creates a missing
  // directory and missing parents with mode 0700.
  //
  // Other users must not read it. An existing directory with a wider mode is
  // set to 0700 if it is empty or was a data directory before. Else it is
  // refused: the path might be "/tmp" by mistake. On Windows the same with an
  // access control list of this user, SYSTEM and Administrators.
  //
  // Errors name the path, the reason and the remedy:
  //   kFailedPrecondition  another server uses it (named by its pid); it is not
  //                        a directory, belongs to another user, or is open to
  //                        others and has other files
  //   kPermissionDenied    it cannot be created, entered or written to
  //   other                absl::ErrnoToStatus of the errno
  static absl::StatusOr<DataDirectory> Open(const std::string& path);

  // The directory: absolute, with symbolic links resolved.
  const std::string& path() const { return path_; }

  // The path of the file `name` in the directory.
  std::string FilePath(std::string_view name) const;

 private:
  DataDirectory(std::string path, std::shared_ptr<void> lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  std::shared_ptr<void> lock_;  // Released by its deleter.
};

}  // namespace tallyman::storage

#endif  // TALLYMAN_STORAGE_DATA_DIRECTORY_H_
