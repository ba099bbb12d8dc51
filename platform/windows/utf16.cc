#include "platform/windows/utf16.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "platform/little_endian.h"

namespace tallyman::platform {
namespace {

constexpr uint32_t kReplacement = 0xfffd;

bool IsHighSurrogate(uint32_t unit) { return (unit & 0xfc00) == 0xd800; }
bool IsLowSurrogate(uint32_t unit) { return (unit & 0xfc00) == 0xdc00; }

void Append(uint32_t code, std::string& utf8) {
  const auto add = [&utf8](uint32_t byte) {
    utf8.push_back(static_cast<char>(byte));
  };
  if (code < 0x80) {
    add(code);
    return;
  }
  if (code < 0x800) {
    add(0xc0 | (code >> 6));
  } else {
    if (code < 0x10000) {
      add(0xe0 | (code >> 12));
    } else {
      add(0xf0 | (code >> 18));
      add(0x80 | ((code >> 12) & 0x3f));
    }
    add(0x80 | ((code >> 6) & 0x3f));
  }
  add(0x80 | (code & 0x3f));
}

}  // namespace

void SetUtf8(std::string_view utf16, std::string& utf8) {
  utf8.clear();
  size_t i = 0;
  while (i < utf16.size()) {
    if (utf16.size() - i == 1) {
      Append(kReplacement, utf8);
      return;
    }
    uint32_t code = LoadLittleEndian<uint16_t>(utf16, i);
    if (code == 0) return;
    i += 2;
    if (IsHighSurrogate(code) && utf16.size() - i >= 2) {
      const uint32_t low = LoadLittleEndian<uint16_t>(utf16, i);
      if (IsLowSurrogate(low)) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        i += 2;
      }
    }
    if (code >= 0xd800 && code <= 0xdfff) code = kReplacement;
    Append(code, utf8);
  }
}

}  // namespace tallyman::platform
