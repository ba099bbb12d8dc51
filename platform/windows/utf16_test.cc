#include "platform/windows/utf16.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "platform/base/text.h"
#include "platform/windows/fake_windows_system.h"

namespace tallyman::platform {
namespace {

using namespace std::string_literals;

std::string Utf8(std::string_view utf16) {
  std::string utf8 = "before";
  SetUtf8(utf16, utf8);
  return utf8;
}
std::string Utf8(std::u16string_view utf16) { return Utf8(Utf16Bytes(utf16)); }

TEST(Utf16Test, CharactersOfEachLength) {
  EXPECT_EQ(Utf8(u""), "");
  EXPECT_EQ(Utf8(u"cmd.exe"), "cmd.exe");
  EXPECT_EQ(Utf8(u"\u007f\u0080\u07ff"), "\x7f\xc2\x80\xdf\xbf");
  EXPECT_EQ(Utf8(u"\u0800\uffff"), "\xe0\xa0\x80\xef\xbf\xbf");
  EXPECT_EQ(Utf8(u"\U00010000\U0001f600\U0010ffff"),
            "\xf0\x90\x80\x80\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf");
}

TEST(Utf16Test, ALoneSurrogateIsReplaced) {
  EXPECT_EQ(Utf8(u"a\xd800"), "a\xef\xbf\xbd");
  EXPECT_EQ(Utf8(u"\xd83d"
                 u"b"),
            "\xef\xbf\xbd"
            "b");
  EXPECT_EQ(Utf8(u"\xde00\xd83d"), "\xef\xbf\xbd\xef\xbf\xbd");
  // Of two high ones the second has a partner.
  EXPECT_EQ(Utf8(u"\xd83d\xd83d\xde00"), "\xef\xbf\xbd\xf0\x9f\x98\x80");
}

TEST(Utf16Test, TheFirstNulEndsTheText) {
  EXPECT_EQ(Utf8(u"cmd /c\0dir"s), "cmd /c");
  EXPECT_EQ(Utf8(u"\0dir"s), "");
}

TEST(Utf16Test, ALastOddByteIsReplaced) {
  EXPECT_EQ(Utf8("a\0b"s), "a\xef\xbf\xbd");
  EXPECT_EQ(Utf8("a"s), "\xef\xbf\xbd");
  // The first byte of a low surrogate.
  EXPECT_EQ(Utf8("\x3d\xd8\x00"s), "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Utf16Test, UnalignedTextIsRead) {
  const std::string bytes = "x" + Utf16Bytes(u"caf\u00e9");
  EXPECT_EQ(Utf8(std::string_view(bytes).substr(1)), "caf\xc3\xa9");
}

TEST(Utf16Test, EachUnitGivesValidUtf8OfAtMostThreeBytes) {
  for (uint32_t unit = 1; unit <= 0xffff; ++unit) {
    const std::string utf8 =
        Utf8(std::u16string(1, static_cast<char16_t>(unit)));
    ASSERT_FALSE(utf8.empty()) << unit;
    ASSERT_LE(utf8.size(), 3u) << unit;
    ASSERT_FALSE(base::FindInvalidUtf8(utf8).has_value()) << unit;
  }
}

}  // namespace
}  // namespace tallyman::platform
