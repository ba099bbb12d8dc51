#include "server/system/system.h"

#include <windows.h>
// After windows.h, whose types it uses.
#include <shellapi.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "platform/base/windows/windows_text.h"

namespace tallyman::server {
namespace {

std::string Variable(const wchar_t* name) {
  std::array<wchar_t, 32768> value;  // The longest that Windows has.
  const DWORD size = GetEnvironmentVariableW(name, value.data(),
                                             static_cast<DWORD>(value.size()));
  return base::FromWide({value.data(), size});
}

}  // namespace

std::vector<std::string> Arguments(int argc, char** argv) {
  int count = 0;
  wchar_t** const wide = CommandLineToArgvW(GetCommandLineW(), &count);
  if (wide == nullptr) return {argv, argv + argc};
  std::vector<std::string> arguments;
  for (int i = 0; i < count; ++i) {
    arguments.push_back(base::FromWide(wide[i]));
  }
  LocalFree(wide);
  return arguments;
}

std::string HostName() {
  std::array<wchar_t, 256> name;
  auto size = static_cast<DWORD>(name.size());
  if (GetComputerNameExW(ComputerNameDnsHostname, name.data(), &size) == 0) {
    return "";
  }
  return base::FromWide({name.data(), size});
}

std::string DefaultDataDir() {
  for (const wchar_t* const name : {L"LOCALAPPDATA", L"ProgramData"}) {
    const std::string directory = Variable(name);
    if (!directory.empty()) return absl::StrCat(directory, "\\tallyman");
  }
  return "C:\\ProgramData\\tallyman";
}

std::string_view DefaultDataDirRule() {
  return "%LOCALAPPDATA%\\tallyman, else %ProgramData%\\tallyman";
}

int64_t RaiseOpenFiles() { return 0; }

void IgnoreBrokenPipes() {}

}  // namespace tallyman::server
