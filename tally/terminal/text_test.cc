#include "tally/terminal/text.h"

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace tallyman::tally {
namespace {

TEST(TextTest, HostileTextIsMadePrintable) {
  EXPECT_EQ(Printable("a\tb\nc\rd"), "a b c d");
  EXPECT_EQ(Printable("\x1b]0;title\x07"), "·]0;title·");
  EXPECT_EQ(Printable(std::string("a\0b", 3)), "a·b");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "2J"),
            "·2J");  // CSI of C1.
  EXPECT_EQ(Printable("\xe2\x80\xae"
                      "abc"),
            "·abc");  // U+202E.
  EXPECT_EQ(Printable("a\xff\xc3"), "a\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(Printable("日本"), "日本");
}

TEST(TextTest, MeasuresColumns) {
  EXPECT_EQ(Columns(""), 0);
  EXPECT_EQ(Columns("abc"), 3);
  EXPECT_EQ(Columns("日本"), 4);
  EXPECT_EQ(Columns("e\xcc\x81"), 1);  // A combining acute accent.
  EXPECT_EQ(Columns("😀"), 2);
}

TEST(TextTest, CutsBetweenCharacters) {
  EXPECT_EQ(Cut("abcdef", 6), "abcdef");
  EXPECT_EQ(Cut("abcdef", 4), "abc…");
  EXPECT_EQ(Cut("abcdef", 1), "…");
  EXPECT_EQ(Cut("abcdef", 0), "");
  EXPECT_EQ(Cut("日本語", 5), "日本…");
  EXPECT_EQ(Cut("日本語", 4), "日…");
  EXPECT_EQ(Cut("日本語", 6), "日本語");
  for (int columns = 0; columns < 12; ++columns) {
    EXPECT_LE(Columns(Cut("a日b本e\xcc\x81語", columns)), columns);
  }
}

TEST(TextTest, Bytes) {
  EXPECT_EQ(HumanBytes(-1), "-");
  EXPECT_EQ(HumanBytes(0), "0");
  EXPECT_EQ(HumanBytes(1023), "1023");
  EXPECT_EQ(HumanBytes(1024), "1.0K");
  EXPECT_EQ(HumanBytes(12 << 20), "12.0M");
  EXPECT_EQ(HumanBytes(1048575), "1.0M");
  EXPECT_EQ(HumanBytes(INT64_MAX), "8.0E");
}

TEST(TextTest, Durations) {
  EXPECT_EQ(HumanDuration(absl::Seconds(-1)), "-");
  EXPECT_EQ(HumanDuration(absl::Seconds(59)), "59s");
  EXPECT_EQ(HumanDuration(absl::Seconds(252)), "4m12s");
  EXPECT_EQ(HumanDuration(absl::Minutes(303)), "5h03m");
  EXPECT_EQ(HumanDuration(absl::Hours(292)), "12d04h");
}

}  // namespace
}  // namespace tallyman::tally
