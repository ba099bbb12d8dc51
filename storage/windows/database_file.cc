#include "storage/database_file.h"

#include <windows.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "platform/base/windows/windows_text.h"
#include "storage/storage_error.h"

namespace tallyman::storage {

absl::Status PrepareDatabaseFile(const std::string& path) {
  if (path.empty()) {
    return absl::InvalidArgumentError("the path of the database is empty");
  }
  const std::wstring wide = base::ToWide(path);
  const std::string where = absl::StrCat("database \"", path, "\"");
  const HANDLE made =
      CreateFileW(wide.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr,
                  CREATE_NEW, FILE_ATTRIBUTE_NORMAL, nullptr);
  if (made != INVALID_HANDLE_VALUE) {
    CloseHandle(made);
    return absl::OkStatus();
  }
  const DWORD error = GetLastError();
  const DWORD attributes = GetFileAttributesW(wide.c_str());
  if (attributes == INVALID_FILE_ATTRIBUTES) {
    return MarkStorageError(
        base::WindowsError(error, absl::StrCat(where, ": can't be created")));
  }
  if ((attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(where, ": is a directory"));
  }
  return absl::OkStatus();
}

}  // namespace tallyman::storage
