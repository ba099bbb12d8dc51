#include "platform/base/windows/windows_text.h"

#include <windows.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tallyman::base {

std::wstring ToWide(std::string_view utf8) {
  const int size = static_cast<int>(utf8.size());
  std::wstring wide(static_cast<size_t>(MultiByteToWideChar(
                        CP_UTF8, 0, utf8.data(), size, nullptr, 0)),
                    L'\0');
  MultiByteToWideChar(CP_UTF8, 0, utf8.data(), size, wide.data(),
                      static_cast<int>(wide.size()));
  return wide;
}

std::string FromWide(std::wstring_view wide) {
  const int size = static_cast<int>(wide.size());
  std::string utf8(
      static_cast<size_t>(WideCharToMultiByte(CP_UTF8, 0, wide.data(), size,
                                              nullptr, 0, nullptr, nullptr)),
      '\0');
  WideCharToMultiByte(CP_UTF8, 0, wide.data(), size, utf8.data(),
                      static_cast<int>(utf8.size()), nullptr, nullptr);
  return utf8;
}

absl::Status WindowsError(uint32_t error, std::string_view message) {
  switch (error) {
    case ERROR_ACCESS_DENIED:
      return absl::PermissionDeniedError(
          absl::StrCat(message, ": access is denied"));
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
      return absl::NotFoundError(absl::StrCat(message, ": it does not exist"));
    case ERROR_ALREADY_EXISTS:
    case ERROR_FILE_EXISTS:
      return absl::AlreadyExistsError(absl::StrCat(message, ": it exists"));
    case ERROR_DISK_FULL:
      return absl::ResourceExhaustedError(
          absl::StrCat(message, ": the disk is full"));
    default:
      return absl::UnknownError(
          absl::StrCat(message, ": error ", error, " of Windows"));
  }
}

}  // namespace tallyman::base
