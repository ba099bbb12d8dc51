// Classes of bytes in HTTP messages, as one table.

#ifndef TALLYMAN_SERVER_HTTP_BYTE_CLASSES_H_
#define TALLYMAN_SERVER_HTTP_BYTE_CLASSES_H_

#include <array>
#include <cstdint>
#include <string_view>

namespace tallyman::server {

enum class ByteClass : uint8_t {
  kName = 1,         // Of a token: tchar (RFC 9110, section 5.6.2).
  kPlainValue = 2,   // Of a value: visible ASCII and SP, without '%'.
  kFieldValue = 4,   // Of a value: no control characters except HTAB.
  kTarget = 8,       // Of a request target: visible ASCII without '#'.
  kDigit = 16,       // '0' to '9'.
  kWrittenName = 32  // Of the name of a header that we write.
};

inline constexpr std::array<uint8_t, 256> kByteClasses = [] {
  std::array<uint8_t, 256> classes{};
  const auto add = [&classes](int c, ByteClass of_class) {
    classes[static_cast<size_t>(c)] |= static_cast<uint8_t>(of_class);
  };
  for (int c = 0; c < 256; ++c) {
    if ((c >= 0x20 && c != 0x7F) || c == '\t') add(c, ByteClass::kFieldValue);
  }
  for (int c = 0x21; c <= 0x7E; ++c) {
    if (c != '#') add(c, ByteClass::kTarget);
    if (c != '%') add(c, ByteClass::kPlainValue);
    const bool is_digit = c >= '0' && c <= '9';
    if (is_digit) add(c, ByteClass::kDigit);
    if (is_digit || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) {
      add(c, ByteClass::kName);
      add(c, ByteClass::kWrittenName);
    }
  }
  add(' ', ByteClass::kPlainValue);
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) {
    add(c, ByteClass::kName);
  }
  add('-', ByteClass::kWrittenName);
  add('_', ByteClass::kWrittenName);
  return classes;
}();

inline bool IsOf(ByteClass of_class, char c) {
  return (kByteClasses[static_cast<unsigned char>(c)] &
          static_cast<uint8_t>(of_class)) != 0;
}

// Whether all bytes of `text` are of the class; true for "".
inline bool IsAllOf(ByteClass of_class, std::string_view text) {
  uint8_t common = static_cast<uint8_t>(of_class);
  for (const char c : text) {
    common &= kByteClasses[static_cast<unsigned char>(c)];
  }
  return common != 0;
}

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_BYTE_CLASSES_H_
