#include "api/json/json_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "platform/base/utf8.h"

namespace tallyman::api {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// Bytes that need no escape in a JSON string: ASCII except control characters,
// the quotation mark and the backslash.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (int c = 0x20; c < 0x7F; ++c) plain[c] = c != '"' && c != '\\';
  plain[0x7F] = true;
  return plain;
}();

bool IsPlain(char c) { return kPlain[static_cast<unsigned char>(c)]; }

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
    const base::Utf8Character character = base::FirstCharacter(bytes);
    out_.append(character.valid() ? bytes.substr(0, character.size)
                                  : kReplacement);
    bytes.remove_prefix(character.size);
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
