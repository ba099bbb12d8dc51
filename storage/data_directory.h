// The directory that holds everything a server keeps, for one server at a time.
//
//   absl::StatusOr<DataDirectory> data = DataDirectory::Open(flag_data_dir);
//   if (!data.ok()) return data.status();  // one line to show to the operator
//   auto db = Database::Open(data->FilePath("tallyman.db"), {});
//
// The lock is flock(2) on the file `lock` in the directory: the kernel releases
// it when the process ends, however it ends, so there is never a stale one.

#ifndef TALLYMAN_STORAGE_DATA_DIRECTORY_H_
#define TALLYMAN_STORAGE_DATA_DIRECTORY_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"

namespace tallyman::storage {

// An opened and locked data directory. Movable; the lock is held until the
// object is destroyed. The lock's descriptor is close-on-exec; a child that is
// forked and doesn't exec shares the lock until it ends. Thread-safe.
class DataDirectory {
 public:
  // Opens `path`, which may be relative, and locks it. A missing directory is
  // made, with missing parents, all with mode 0700.
  //
  // Nobody else may look into it. An existing directory with a wider mode is
  // set to 0700 where it is plainly meant for us (empty, or used by a server
  // before), and refused otherwise: the path might be "/tmp" by mistake.
  //
  // Errors name the path, the reason and what to do:
  //   kFailedPrecondition  another server has it (named by its pid); it isn't a
  //                        directory, belongs to another user, or is open to
  //                        others and in use for something else
  //   kPermissionDenied    it can't be made, entered or written to
  //   other                what absl::ErrnoToStatus makes of an errno
  static absl::StatusOr<DataDirectory> Open(const std::string& path);

  // The directory: absolute, with symbolic links resolved.
  const std::string& path() const { return path_; }

  // The path of the file `name` in it.
  std::string FilePath(std::string_view name) const;

 private:
  DataDirectory(std::string path, base::UniqueFd lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  base::UniqueFd lock_;
};

}  // namespace tallyman::storage

#endif  // TALLYMAN_STORAGE_DATA_DIRECTORY_H_
