#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "platform/base/text.h"
#include "platform/base/utf8.h"
#include "tools/fuzz/input.h"

namespace tallyman::base {
namespace {

// The table in section 3 of RFC 3629.
std::string Encode(uint32_t code) {
  const auto continuation = [&](int shift) {
    return static_cast<char>(0x80 | ((code >> shift) & 0x3f));
  };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) {
    return {static_cast<char>(0xc0 | (code >> 6)), continuation(0)};
  }
  if (code < 0x10000) {
    return {static_cast<char>(0xe0 | (code >> 12)), continuation(6),
            continuation(0)};
  }
  return {static_cast<char>(0xf0 | (code >> 18)), continuation(12),
          continuation(6), continuation(0)};
}

// The bytes of a character that begins with `first`, by its leading bits alone;
// 0 if no character begins with it.
size_t LengthByBits(unsigned char first) {
  if ((first & 0x80) == 0) return 1;
  if ((first & 0xe0) == 0xc0) return 2;
  if ((first & 0xf0) == 0xe0) return 3;
  if ((first & 0xf8) == 0xf0) return 4;
  return 0;
}

// The code point of `bytes` if all of them are one character. Collects the bits
// and refuses what the encoder would not have made.
std::optional<int32_t> DecodeAll(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes.front());
  const size_t length = LengthByBits(first);
  if (length == 0 || length != bytes.size()) return std::nullopt;
  uint32_t code = length == 1 ? first : first & (0x7fu >> length);
  for (const char byte : bytes.substr(1)) {
    code = code << 6 | (static_cast<unsigned char>(byte) & 0x3f);
  }
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  if (is_surrogate || code > 0x10ffff || Encode(code) != bytes) {
    return std::nullopt;
  }
  return static_cast<int32_t>(code);
}

// Whether `bytes` begin a character. From the third byte on, each continuation
// byte is as good as another.
bool IsPrefix(std::string_view bytes) {
  const size_t length = LengthByBits(static_cast<unsigned char>(bytes[0]));
  if (length <= bytes.size()) return false;
  for (const char second : {'\x80', '\x90', '\xa0'}) {
    std::string whole(bytes);
    if (whole.size() == 1) whole.push_back(second);
    whole.resize(length, '\x80');
    if (DecodeAll(whole)) return true;
  }
  return false;
}

Utf8Character ReferenceFirst(std::string_view text) {
  for (size_t size = 1; size <= 4 && size <= text.size(); ++size) {
    if (const auto code = DecodeAll(text.substr(0, size))) {
      return {.code = *code, .size = size};
    }
  }
  size_t size = 1;
  while (size < 3 && size < text.size() && IsPrefix(text.substr(0, size + 1))) {
    ++size;
  }
  return {.code = -1, .size = size};
}

// The decoder agrees with one that is written differently.
void TestCharacters(std::string_view text) {
  std::optional<size_t> invalid;
  std::optional<size_t> control;
  for (size_t at = 0; at < text.size();) {
    const Utf8Character character = FirstCharacter(text.substr(at));
    const Utf8Character expected = ReferenceFirst(text.substr(at));
    CHECK_EQ(character.code, expected.code) << "at byte " << at;
    CHECK_EQ(character.size, expected.size) << "at byte " << at;
    CHECK_LE(character.size, text.size() - at);
    if (!character.valid() && !invalid) invalid = at;
    if (character.valid() && IsControl(character.code) && !control) {
      control = at;
    }
    at += character.size;
  }
  CHECK(FindInvalidUtf8(text) == invalid);
  CHECK(FindControl(text) == control);
}

// A quoted text is a message for people, and its escapes can be undone.
void TestQuote(std::string_view text) {
  constexpr size_t kMaxBytes = 64;
  const std::string quoted = Quote(text, kMaxBytes);
  fuzz::CheckMessage(quoted);
  // At most four bytes for each byte: "\x00" or "\000".
  CHECK_LE(quoted.size(), 4 * kMaxBytes + 5);
  std::string_view inside = quoted;
  CHECK(absl::ConsumePrefix(&inside, "\""));
  CHECK(absl::ConsumeSuffix(&inside, "\""));
  const bool is_cut = text.size() > kMaxBytes;
  if (is_cut) CHECK(absl::ConsumeSuffix(&inside, "..."));
  std::string shown;
  CHECK(absl::CUnescape(inside, &shown)) << quoted;
  CHECK(is_cut ? absl::StartsWith(text, shown) : text == shown) << quoted;
  // A character has at most three bytes after its first.
  if (is_cut) CHECK_GE(shown.size(), kMaxBytes - 3) << quoted;
}

}  // namespace
}  // namespace tallyman::base

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = tallyman::fuzz::Input(data, size).rest();
  tallyman::base::TestCharacters(text);
  tallyman::base::TestQuote(text);
  return 0;
}
