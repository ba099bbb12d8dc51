#include "stacks/text.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace tallyman::stacks {
namespace {

struct Character {
  int32_t code = -1;  // -1: not UTF-8
  size_t size = 1;    // in bytes
};

bool IsContinuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

// The first character of `text`, which must not be empty.
Character FirstCharacter(std::string_view text) {
  const int32_t lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {.code = lead, .size = 1};
  // The lead bytes of two, three and four bytes, and the least code that needs
  // as many.
  Character character;
  int32_t least = 0;
  if (lead >= 0xc0 && lead < 0xe0) {
    character = {.code = lead & 0x1f, .size = 2};
    least = 0x80;
  } else if (lead >= 0xe0 && lead < 0xf0) {
    character = {.code = lead & 0x0f, .size = 3};
    least = 0x800;
  } else if (lead >= 0xf0 && lead < 0xf8) {
    character = {.code = lead & 0x07, .size = 4};
    least = 0x10000;
  } else {
    return {};
  }
  if (text.size() < character.size) return {};
  for (size_t i = 1; i < character.size; ++i) {
    if (!IsContinuation(text[i])) return {};
    character.code =
        (character.code << 6) | (static_cast<unsigned char>(text[i]) & 0x3f);
  }
  const bool is_surrogate =
      character.code >= 0xd800 && character.code <= 0xdfff;
  if (character.code < least || character.code > 0x10ffff || is_surrogate) {
    return {};
  }
  return character;
}

bool IsControl(int32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x061c ||
         code == 0x200e || code == 0x200f ||
         (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

std::optional<size_t> FindNotUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const Character character = FirstCharacter(text.substr(i));
    if (character.code < 0) return i;
    i += character.size;
  }
  return std::nullopt;
}

std::optional<size_t> FindControl(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const Character character = FirstCharacter(text.substr(i));
    if (character.code >= 0 && IsControl(character.code)) return i;
    i += character.size;
  }
  return std::nullopt;
}

std::string Quote(std::string_view text, size_t max_bytes) {
  std::string_view shown = text;
  if (text.size() > max_bytes) {
    // Not in the middle of a character.
    size_t size = max_bytes;
    while (size > 0 && IsContinuation(text[size])) --size;
    shown = text.substr(0, size == 0 ? max_bytes : size);
  }
  const bool is_plain = !FindNotUtf8(shown) && !FindControl(shown);
  return absl::StrCat(
      "\"", is_plain ? absl::Utf8SafeCEscape(shown) : absl::CHexEscape(shown),
      shown.size() < text.size() ? "..." : "", "\"");
}

}  // namespace tallyman::stacks
