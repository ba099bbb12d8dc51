#include "platform/base/utf8.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gtest/gtest.h"

namespace tallyman::base {
namespace {

void ExpectCharacter(std::string_view text, int32_t code, size_t size) {
  const Utf8Character character = FirstCharacter(text);
  EXPECT_EQ(character.code, code);
  EXPECT_EQ(character.size, size);
  EXPECT_EQ(character.valid(), code >= 0);
}

TEST(Utf8Test, DecodesTheEdgesOfEachLength) {
  ExpectCharacter(std::string_view("\0x", 2), 0, 1);
  ExpectCharacter("\x7fz", 0x7f, 1);
  ExpectCharacter("\xc2\x80z", 0x80, 2);
  ExpectCharacter("\xdf\xbfz", 0x7ff, 2);
  ExpectCharacter("\xe0\xa0\x80z", 0x800, 3);
  ExpectCharacter("\xed\x9f\xbf", 0xd7ff, 3);
  ExpectCharacter("\xee\x80\x80", 0xe000, 3);
  ExpectCharacter("\xef\xbf\xbf", 0xffff, 3);
  ExpectCharacter("\xf0\x90\x80\x80", 0x10000, 4);
  ExpectCharacter("\xf4\x8f\xbf\xbf", 0x10ffff, 4);
}

TEST(Utf8Test, RejectsInvalidBytes) {
  ExpectCharacter("\x80", -1, 1);              // A continuation byte.
  ExpectCharacter("\xc0\x80", -1, 1);          // Overlong.
  ExpectCharacter("\xc1\xbf", -1, 1);          // Overlong.
  ExpectCharacter("\xe0\x9f\xbf", -1, 1);      // Overlong.
  ExpectCharacter("\xf0\x8f\xbf\xbf", -1, 1);  // Overlong.
  ExpectCharacter("\xed\xa0\x80", -1, 1);      // A surrogate.
  ExpectCharacter("\xf4\x90\x80\x80", -1, 1);  // Past U+10FFFF.
  ExpectCharacter("\xf5\x80\x80\x80", -1, 1);
  ExpectCharacter("\xff", -1, 1);
}

TEST(Utf8Test, ATruncatedCharacterCountsAsOne) {
  ExpectCharacter("\xc3", -1, 1);
  ExpectCharacter("\xc3z", -1, 1);
  ExpectCharacter("\xe2\x82", -1, 2);
  ExpectCharacter("\xe2\x82z", -1, 2);
  ExpectCharacter("\xf0\x9f\x98z", -1, 3);
}

TEST(Utf8Test, RecognizesControlCharacters) {
  for (const int32_t code : {0x00, 0x1f, 0x7f, 0x80, 0x9f, 0x061c, 0x200e,
                             0x200f, 0x2028, 0x202e, 0x2066, 0x2069}) {
    EXPECT_TRUE(IsControl(code)) << code;
  }
  for (const int32_t code : {0x20, 0x7e, 0xa0, 0x061b, 0x200d, 0x2010, 0x2027,
                             0x202f, 0x2065, 0x206a, 0x10ffff}) {
    EXPECT_FALSE(IsControl(code)) << code;
  }
}

}  // namespace
}  // namespace tallyman::base
