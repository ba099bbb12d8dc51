// UTF-8 as RFC 3629, section 4, defines it: no overlong forms, no surrogates,
// nothing past U+10FFFF.

#ifndef TALLYMAN_PLATFORM_BASE_UTF8_H_
#define TALLYMAN_PLATFORM_BASE_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tallyman::base {

// The first character of a text.
struct Utf8Character {
  int32_t code = -1;  // Code point; -1 if the text does not begin with UTF-8.
  // The bytes of the character. In invalid text the bytes that one U+FFFD
  // replaces: the longest prefix of a valid character, at least 1 (Unicode
  // Standard, section 3.9, "substitution of maximal subparts").
  size_t size = 1;

  bool valid() const { return code >= 0; }
};

// Decodes the first character of `text`, which must not be empty. Table 3-7 of
// the Unicode Standard: the first byte decides the range of the second byte;
// the others are 80..BF.
inline Utf8Character FirstCharacter(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  if (first < 0x80) return {.code = first, .size = 1};
  size_t size = 0;
  int32_t code = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) {
    size = 2;
    code = first & 0x1f;
  } else if (first >= 0xe0 && first <= 0xef) {
    size = 3;
    code = first & 0x0f;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    size = 4;
    code = first & 0x07;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
  } else {
    return {};
  }
  for (size_t i = 1; i < size; ++i) {
    if (i >= text.size() || at(i) < low || at(i) > high) {
      return {.code = -1, .size = i};
    }
    code = (code << 6) | (at(i) & 0x3f);
    low = 0x80;
    high = 0xbf;
  }
  return {.code = code, .size = size};
}

// True for characters that break a line of a log or make a name look like
// another: C0, DEL, C1, the line and paragraph separators, and those that
// change the direction of text (property Bidi_Control of Unicode).
inline bool IsControl(int32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x061c ||
         code == 0x200e || code == 0x200f ||
         (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_UTF8_H_
