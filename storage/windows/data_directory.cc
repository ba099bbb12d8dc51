#include "storage/data_directory.h"

#include <windows.h>

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "platform/base/windows/windows_text.h"
#include "storage/windows/directory_access.h"

namespace tallyman::storage {
namespace {

namespace fs = std::filesystem;

constexpr char kLockName[] = "lock";

absl::Status WithPath(const absl::Status& status, const std::string& path,
                      std::string_view reason) {
  return absl::Status(status.code(),
                      absl::StrCat("data directory \"", path, "\" ", reason,
                                   ": ", status.message()));
}

absl::Status Refused(const std::string& path, std::string_view reason) {
  return absl::FailedPreconditionError(
      absl::StrCat("data directory \"", path, "\" ", reason));
}

// As mkdir -p: existing directories stay as they are.
absl::Status MakeWithParents(const fs::path& directory,
                             const std::string& path) {
  fs::path prefix;
  for (const fs::path& part : directory) {
    prefix /= part;
    std::error_code error;
    const fs::file_status found = fs::status(prefix, error);
    if (fs::is_directory(found)) continue;
    if (fs::exists(found)) {
      return Refused(path, prefix == directory
                               ? "is a file"
                               : absl::StrCat("can't be made: \"",
                                              base::FromWide(prefix.wstring()),
                                              "\" is a file"));
    }
    absl::Status made = MakePrivateDirectory(prefix.wstring());
    if (!made.ok() && !absl::IsAlreadyExists(made)) {
      return WithPath(made, path,
                      absl::StrCat("can't be made (at \"",
                                   base::FromWide(prefix.wstring()), "\")"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckPrivate(const fs::path& directory, const std::string& path) {
  absl::StatusOr<DirectoryAccess> access = ReadAccess(directory.wstring());
  if (!access.ok()) {
    return WithPath(access.status(), path, "can't be examined");
  }
  if (!access->is_own) {
    return Refused(path,
                   "belongs to another user; start the server as that user or "
                   "use another directory");
  }
  if (access->is_private) return absl::OkStatus();
  std::error_code error;
  const bool was_ours = fs::is_regular_file(directory / kLockName, error);
  if (!was_ours && !fs::is_empty(directory, error)) {
    return Refused(
        path, absl::StrCat("is open to others and holds other files; if it "
                           "is the right one, run: icacls \"",
                           path,
                           "\" /inheritance:r /grant:r "
                           "\"%USERNAME%:(OI)(CI)F\""));
  }
  if (absl::Status made = MakePrivate(directory.wstring()); !made.ok()) {
    return WithPath(made, path, "is open to others and can't be closed");
  }
  return absl::OkStatus();
}

// The process that has the lock, for a message.
std::string Holder(const std::wstring& lock) {
  const HANDLE file =
      CreateFileW(lock.c_str(), GENERIC_READ,
                  FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                  nullptr, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr);
  if (file == INVALID_HANDLE_VALUE) return "its pid is not known";
  std::array<char, 32> text;
  DWORD size = 0;
  if (ReadFile(file, text.data(), static_cast<DWORD>(text.size()), &size,
               nullptr) == 0) {
    size = 0;
  }
  CloseHandle(file);
  const std::string_view pid =
      absl::StripAsciiWhitespace(std::string_view(text.data(), size));
  return pid.empty() ? "its pid is not known" : absl::StrCat("pid ", pid);
}

absl::StatusOr<std::shared_ptr<void>> Lock(const fs::path& directory,
                                           const std::string& path) {
  const std::wstring lock = (directory / kLockName).wstring();
  const HANDLE file =
      CreateFileW(lock.c_str(), GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ,
                  nullptr, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, nullptr);
  if (file == INVALID_HANDLE_VALUE) {
    const DWORD error = GetLastError();
    if (error == ERROR_SHARING_VIOLATION) {
      return Refused(path,
                     absl::StrCat("is in use by another server (", Holder(lock),
                                  "); stop it or use another directory"));
    }
    return WithPath(base::WindowsError(error, kLockName), path,
                    "can't be locked");
  }
  std::shared_ptr<void> held(file, [](void* handle) { CloseHandle(handle); });
  const std::string pid = absl::StrCat(GetCurrentProcessId(), "\n");
  DWORD written = 0;
  if (WriteFile(file, pid.data(), static_cast<DWORD>(pid.size()), &written,
                nullptr) == 0 ||
      SetEndOfFile(file) == 0) {
    return WithPath(base::WindowsError(GetLastError(), kLockName), path,
                    "can't be locked");
  }
  return held;
}

}  // namespace

absl::StatusOr<DataDirectory> DataDirectory::Open(const std::string& path) {
  if (path.empty()) {
    return absl::InvalidArgumentError(
        "the path of the data directory is empty");
  }
  std::error_code error;
  const fs::path given = fs::absolute(base::ToWide(path), error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("data directory \"", path, "\" is no path of Windows"));
  }
  if (absl::Status made = MakeWithParents(given.lexically_normal(), path);
      !made.ok()) {
    return made;
  }
  fs::path directory = fs::canonical(given, error);
  if (error) directory = given.lexically_normal();
  if (absl::Status priv = CheckPrivate(directory, path); !priv.ok()) {
    return priv;
  }
  absl::StatusOr<std::shared_ptr<void>> lock = Lock(directory, path);
  if (!lock.ok()) return lock.status();
  return DataDirectory(base::FromWide(directory.wstring()), *std::move(lock));
}

std::string DataDirectory::FilePath(std::string_view name) const {
  return absl::StrCat(path_, "\\", name);
}

}  // namespace tallyman::storage
