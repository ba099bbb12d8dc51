// Who has access to a directory of Windows.

#ifndef TALLYMAN_STORAGE_WINDOWS_DIRECTORY_ACCESS_H_
#define TALLYMAN_STORAGE_WINDOWS_DIRECTORY_ACCESS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tallyman::storage {

// Private: this user, SYSTEM and Administrators have all rights, others none,
// also in what is made in the directory. Errors are fragments. Thread-safe.

// AlreadyExists if something has the path.
absl::Status MakePrivateDirectory(const std::wstring& path);

absl::Status MakePrivate(const std::wstring& path);

struct DirectoryAccess {
  bool is_own = false;  // It belongs to this user or to Administrators.
  bool is_private = false;
};
absl::StatusOr<DirectoryAccess> ReadAccess(const std::wstring& path);

}  // namespace tallyman::storage

#endif  // TALLYMAN_STORAGE_WINDOWS_DIRECTORY_ACCESS_H_
