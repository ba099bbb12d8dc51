#include "platform/base/text.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "platform/base/utf8.h"

namespace tallyman::base {
namespace {

bool IsContinuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

}  // namespace

std::optional<size_t> FindInvalidUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const Utf8Character character = FirstCharacter(text.substr(i));
    if (!character.valid()) return i;
    i += character.size;
  }
  return std::nullopt;
}

std::optional<size_t> FindControl(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const Utf8Character character = FirstCharacter(text.substr(i));
    if (character.valid() && IsControl(character.code)) return i;
    i += character.size;
  }
  return std::nullopt;
}

std::string Quote(std::string_view text, size_t max_bytes) {
  std::string_view shown = text;
  if (text.size() > max_bytes) {
    // Do not cut a character, which has at most three bytes after its first.
    // Where more follow one another, the text is not UTF-8 anyway.
    size_t size = max_bytes;
    while (size > 0 && size + 3 > max_bytes && IsContinuation(text[size])) {
      --size;
    }
    shown = text.substr(0, IsContinuation(text[size]) ? max_bytes : size);
  }
  const bool is_plain = !FindInvalidUtf8(shown) && !FindControl(shown);
  return absl::StrCat(
      "\"", is_plain ? absl::Utf8SafeCEscape(shown) : absl::CHexEscape(shown),
      shown.size() < text.size() ? "..." : "", "\"");
}

}  // namespace tallyman::base
