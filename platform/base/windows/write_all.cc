#include "platform/base/write_all.h"

#include <io.h>
#include <windows.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tallyman::base {
namespace {

constexpr size_t kMaxWrite = size_t{1} << 20;

}  // namespace

// WriteFile() and not _write(), which makes "\n" to "\r\n".
bool WriteAll(int fd, std::string_view bytes) {
  const intptr_t handle = _get_osfhandle(fd);
  if (handle == -1) return false;
  while (!bytes.empty()) {
    DWORD written = 0;
    if (WriteFile(reinterpret_cast<HANDLE>(handle), bytes.data(),
                  static_cast<DWORD>(std::min(bytes.size(), kMaxWrite)),
                  &written, nullptr) == 0) {
      return false;
    }
    bytes.remove_prefix(written);
  }
  return true;
}

}  // namespace tallyman::base
