#include "storage/windows/directory_access.h"

#include <windows.h>
// After windows.h, whose types they use.
#include <aclapi.h>
#include <sddl.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/windows/windows_text.h"

namespace tallyman::storage {
namespace {

struct FreeLocal {
  void operator()(void* memory) const { LocalFree(memory); }
};
using Descriptor = std::unique_ptr<void, FreeLocal>;

absl::Status LastError(const char* call) {
  return base::WindowsError(GetLastError(), call);
}

// Well-known SIDs (MS-DTYP, section 2.4.2.4).
constexpr const wchar_t* kSystem = L"S-1-5-18";
constexpr const wchar_t* kAdministrators = L"S-1-5-32-544";
constexpr const wchar_t* kCreatorOwner = L"S-1-3-0";

std::wstring TextOf(PSID sid) {
  wchar_t* text = nullptr;
  if (sid == nullptr || ConvertSidToStringSidW(sid, &text) == 0) return L"";
  const std::unique_ptr<wchar_t, FreeLocal> owned(text);
  return text;
}

absl::StatusOr<std::wstring> OwnSid() {
  HANDLE token = nullptr;
  if (OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) == 0) {
    return LastError("OpenProcessToken");
  }
  const absl::Cleanup close = [token] { CloseHandle(token); };
  alignas(TOKEN_USER) std::array<char, 256> buffer;
  DWORD size = 0;
  if (GetTokenInformation(token, TokenUser, buffer.data(),
                          static_cast<DWORD>(buffer.size()), &size) == 0) {
    return LastError("GetTokenInformation");
  }
  return TextOf(reinterpret_cast<TOKEN_USER*>(buffer.data())->User.Sid);
}

// A descriptor whose list is protected: it takes no rights of the parent.
absl::StatusOr<Descriptor> PrivateDescriptor() {
  absl::StatusOr<std::wstring> own = OwnSid();
  if (!own.ok()) return own.status();
  const std::wstring text =
      L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;" + *own + L")";
  void* made = nullptr;
  if (ConvertStringSecurityDescriptorToSecurityDescriptorW(
          text.c_str(), SDDL_REVISION_1, &made, nullptr) == 0) {
    return LastError("ConvertStringSecurityDescriptorToSecurityDescriptor");
  }
  return Descriptor(made);
}

}  // namespace

absl::Status MakePrivateDirectory(const std::wstring& path) {
  absl::StatusOr<Descriptor> descriptor = PrivateDescriptor();
  if (!descriptor.ok()) return descriptor.status();
  SECURITY_ATTRIBUTES attributes = {};
  attributes.nLength = sizeof(attributes);
  attributes.lpSecurityDescriptor = descriptor->get();
  if (CreateDirectoryW(path.c_str(), &attributes) == 0) {
    return LastError("CreateDirectory");
  }
  return absl::OkStatus();
}

absl::Status MakePrivate(const std::wstring& path) {
  absl::StatusOr<Descriptor> descriptor = PrivateDescriptor();
  if (!descriptor.ok()) return descriptor.status();
  BOOL is_present = FALSE;
  BOOL is_default = FALSE;
  ACL* list = nullptr;
  if (GetSecurityDescriptorDacl(descriptor->get(), &is_present, &list,
                                &is_default) == 0) {
    return LastError("GetSecurityDescriptorDacl");
  }
  std::wstring copy = path;  // The call takes no constant.
  const DWORD error = SetNamedSecurityInfoW(
      copy.data(), SE_FILE_OBJECT,
      DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, nullptr,
      nullptr, list, nullptr);
  if (error != ERROR_SUCCESS) {
    return base::WindowsError(error, "SetNamedSecurityInfo");
  }
  return absl::OkStatus();
}

absl::StatusOr<DirectoryAccess> ReadAccess(const std::wstring& path) {
  absl::StatusOr<std::wstring> own = OwnSid();
  if (!own.ok()) return own.status();
  PSID owner = nullptr;
  ACL* list = nullptr;
  void* descriptor = nullptr;
  std::wstring copy = path;
  const DWORD error = GetNamedSecurityInfoW(
      copy.data(), SE_FILE_OBJECT,
      OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner, nullptr,
      &list, nullptr, &descriptor);
  if (error != ERROR_SUCCESS) {
    return base::WindowsError(error, "GetNamedSecurityInfo");
  }
  const Descriptor owned(descriptor);
  const std::wstring owner_text = TextOf(owner);
  DirectoryAccess access = {
      .is_own = owner_text == *own || owner_text == kAdministrators,
      // No list: everyone has all rights.
      .is_private = list != nullptr};
  for (DWORD i = 0; list != nullptr && i < list->AceCount; ++i) {
    void* entry = nullptr;
    if (GetAce(list, i, &entry) == 0) return LastError("GetAce");
    auto* const allowed = static_cast<ACCESS_ALLOWED_ACE*>(entry);
    if (allowed->Header.AceType != ACCESS_ALLOWED_ACE_TYPE) continue;
    if (allowed->Mask == 0) continue;
    const std::wstring who = TextOf(&allowed->SidStart);
    if (who != *own && who != kSystem && who != kAdministrators &&
        who != kCreatorOwner) {
      access.is_private = false;
    }
  }
  return access;
}

}  // namespace tallyman::storage
