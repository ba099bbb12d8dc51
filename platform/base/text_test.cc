#include "platform/base/text.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"

namespace tallyman::base {
namespace {

TEST(FindInvalidUtf8Test, AcceptsEveryLengthOfCharacter) {
  for (const std::string_view text :
       {std::string_view(""), std::string_view("plain"),
        std::string_view("a\0b", 3), std::string_view("ü語😀"),
        std::string_view("\xc2\x80"), std::string_view("\xe0\xa0\x80"),
        std::string_view("\xed\x9f\xbf"), std::string_view("\xf0\x90\x80\x80"),
        std::string_view("\xf4\x8f\xbf\xbf")}) {
    EXPECT_EQ(FindInvalidUtf8(text), std::nullopt) << absl::CHexEscape(text);
  }
}

TEST(FindInvalidUtf8Test, FindsTheFirstInvalidByte) {
  const std::vector<std::pair<std::string_view, size_t>> expected = {
      {"\xff", 0},
      {"ab\x80", 2},
      {"a\xc3", 1},             // cut off
      {"ü\xe2\x82", 2},         // cut off
      {"\xc0\xaf", 0},          // overlong, two bytes
      {"\xe0\x80\xaf", 0},      // overlong, three bytes
      {"\xf0\x80\x80\xaf", 0},  // overlong, four bytes
      {"\xed\xa0\x80", 0},      // a surrogate
      {"\xf4\x90\x80\x80", 0},  // past U+10FFFF
      {"x\xc3(", 1},
  };
  for (const auto& [text, at] : expected) {
    EXPECT_EQ(FindInvalidUtf8(text), at) << absl::CHexEscape(text);
  }
}

TEST(FindControlTest, FindsTheFirstControlCharacter) {
  EXPECT_EQ(FindControl("a b-ü"), std::nullopt);
  const std::vector<std::pair<std::string_view, size_t>> expected = {
      {"a\nb", 1},     {"ab\t", 2},          {"\x7f", 0},
      {"\xc2\x85", 0}, {"ü\xe2\x80\xa8", 2}, {"a\xe2\x80\x8f", 1},
  };
  for (const auto& [text, at] : expected) {
    EXPECT_EQ(FindControl(text), at) << absl::CHexEscape(text);
  }
  EXPECT_EQ(FindControl(std::string_view("a\0", 2)), 1u);
}

TEST(QuoteTest, StaysOnOneLineAndReadable) {
  EXPECT_EQ(Quote(""), R"("")");
  EXPECT_EQ(Quote("web: ü"), R"("web: ü")");
  EXPECT_EQ(Quote("a\n\"b\""), R"("a\n\"b\"")");
  EXPECT_EQ(Quote("\xff"), R"("\xff")");
}

TEST(QuoteTest, CutsBetweenCharacters) {
  EXPECT_EQ(Quote("abcdef", 6), R"("abcdef")");
  EXPECT_EQ(Quote("abcdefg", 6), R"("abcdef...")");
  EXPECT_EQ(Quote("aüü", 4), R"("aü...")");
  // Without a character boundary the cut is anywhere.
  EXPECT_EQ(Quote("\x80\x80\x80", 2), R"("\x80\x80...")");
  EXPECT_EQ(Quote("ab\x80\x80\x80\x80\x80", 6), R"("ab\x80\x80\x80\x80...")");
  EXPECT_EQ(Quote("ab😀", 5), R"("ab...")");
}

}  // namespace
}  // namespace tallyman::base
