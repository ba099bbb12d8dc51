#include "platform/base/system_user_name.h"

#include <pwd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tallyman::base {
namespace {

// Bytes for the strings of an entry; getpwuid_r(3) asks for more by ERANGE.
constexpr size_t kFirstBuffer = 1024;
constexpr size_t kLastBuffer = size_t{1} << 20;

}  // namespace

std::string SystemUserName(uint32_t uid) {
  for (size_t size = kFirstBuffer; size <= kLastBuffer; size *= 4) {
    std::vector<char> buffer(size);
    passwd entry{};
    passwd* found = nullptr;
    const int error =
        getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
    if (error == ERANGE) continue;
    if (error != 0 || found == nullptr) return "";
    return found->pw_name;
  }
  return "";
}

}  // namespace tallyman::base
