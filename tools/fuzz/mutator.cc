#include "tools/fuzz/mutator.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace tallyman::fuzz {
namespace {

// Texts that parsers treat specially, or should.
constexpr std::string_view kTexts[] = {
    std::string_view("\0", 1),
    "\n",
    "\r\n",
    "\xff",
    "\xc3",
    "\xed\xa0\x80",
    "\xef\xbb\xbf",
    "\xe2\x80\xa8",
    "\"",
    "\\",
    "%",
    "%00",
    "%zz",
    "&",
    "=",
    ":",
    ",",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    "-1",
    "0",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "1e400",
    "null",
};

}  // namespace

std::string Mutator::Next() {
  std::string bytes = corpus_[Below(corpus_.size())];
  for (size_t changes = 1 + Below(4); changes > 0; --changes) Change(bytes);
  return bytes;
}

void Mutator::Change(std::string& bytes) {
  const size_t at = Below(bytes.size() + 1);
  const size_t left = bytes.size() - at;
  const size_t length = std::min(left, 1 + Below(16));
  switch (Below(7)) {
    case 0:
      if (left > 0) bytes[at] = static_cast<char>(bytes[at] ^ 1 << Below(8));
      return;
    case 1:
      if (left > 0) bytes[at] = static_cast<char>(Below(256));
      return;
    case 2:
      bytes.erase(at, length);
      return;
    case 3:
      bytes.insert(Below(bytes.size() + 1), std::string(bytes, at, length));
      return;
    case 4:
      bytes.insert(at, kTexts[Below(std::size(kTexts))]);
      return;
    case 5: {
      // The end of another file.
      const std::string& other = corpus_[Below(corpus_.size())];
      bytes.replace(at, left, other, Below(other.size() + 1));
      return;
    }
    default: {
      // A digit, for numbers near the limits.
      const size_t digit = bytes.find_first_of("0123456789", at);
      if (digit == std::string::npos) return;
      bytes[digit] = static_cast<char>('0' + Below(10));
      return;
    }
  }
}

}  // namespace tallyman::fuzz
