#include "api/json_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tallyman::api {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// Bytes that stand for themselves in a JSON string: ASCII but for control
// characters, the quote and the backslash.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (int c = 0x20; c < 0x7F; ++c) plain[c] = c != '"' && c != '\\';
  plain[0x7F] = true;
  return plain;
}();

bool IsPlain(char c) { return kPlain[static_cast<unsigned char>(c)]; }

// The beginning of `bytes`, which is not ASCII.
struct Utf8Prefix {
  size_t size;  // Bytes of the character, or of the part to be replaced.
  bool valid;
};

// By table 3-7 of the Unicode Standard: the second byte's range depends on the
// first, all others are 80..BF.
Utf8Prefix ReadUtf8(std::string_view bytes) {
  const auto at = [&](size_t i) {
    return static_cast<unsigned char>(bytes[i]);
  };
  const unsigned char first = at(0);
  size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  } else {
    return {1, false};
  }
  for (size_t i = 1; i < length; ++i) {
    if (i >= bytes.size() || at(i) < low || at(i) > high) return {i, false};
    low = 0x80;
    high = 0xBF;
  }
  return {length, true};
}

void AppendEscaped(char c, std::string& out) {
  switch (c) {
    case '"':
      out.append("\\\"");
      return;
    case '\\':
      out.append("\\\\");
      return;
    case '\n':
      out.append("\\n");
      return;
    case '\r':
      out.append("\\r");
      return;
    case '\t':
      out.append("\\t");
      return;
    default: {
      constexpr std::string_view kDigits = "0123456789abcdef";
      out.append("\\u00");
      out.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
      out.push_back(kDigits[static_cast<unsigned char>(c) & 0xF]);
    }
  }
}

}  // namespace

void JsonWriter::String(std::string_view bytes) {
  Separate();
  out_.push_back('"');
  while (!bytes.empty()) {
    // Most bytes are plain, and plain bytes come in runs.
    const size_t plain = static_cast<size_t>(
        std::find_if_not(bytes.begin(), bytes.end(), IsPlain) - bytes.begin());
    out_.append(bytes.substr(0, plain));
    bytes.remove_prefix(plain);
    if (bytes.empty()) break;
    if (static_cast<unsigned char>(bytes.front()) < 0x80) {
      AppendEscaped(bytes.front(), out_);
      bytes.remove_prefix(1);
      continue;
    }
    const Utf8Prefix prefix = ReadUtf8(bytes);
    out_.append(prefix.valid ? bytes.substr(0, prefix.size) : kReplacement);
    bytes.remove_prefix(prefix.size);
  }
  out_.push_back('"');
}

void JsonWriter::Int(int64_t value) {
  Separate();
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out_.append(digits, end);
}

void JsonWriter::Double(double value) {
  Separate();
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out_.append(digits, end);
}

}  // namespace tallyman::api
