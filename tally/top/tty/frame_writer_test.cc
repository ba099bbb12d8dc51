#include "tally/top/tty/frame_writer.h"

#include <string>
#include <string_view>

#include "ftxui/screen/color.hpp"
#include "ftxui/screen/screen.hpp"
#include "ftxui/screen/string.hpp"
#include "gtest/gtest.h"

namespace tallyman::tally {
namespace {

ftxui::Screen Screen(const std::string& text, int width = 10) {
  ftxui::Screen screen(width, 2);
  int x = 0;
  for (const std::string& glyph : ftxui::Utf8ToGlyphs(text)) {
    screen.PixelAt(x++, 1).character = glyph;
  }
  return screen;
}

TEST(FrameWriterTest, WritesOnlyWhatDiffers) {
  FrameWriter writer;
  EXPECT_EQ(writer.Write(Screen("abc")), "\x1b[0m\x1b[2J\x1b[2;1Habc");
  EXPECT_EQ(writer.Write(Screen("abc")), "");
  EXPECT_EQ(writer.Write(Screen("aXc")), "\x1b[2;2HX");
  EXPECT_EQ(writer.Write(Screen("")), "\x1b[2;1H   ");
}

TEST(FrameWriterTest, AnotherSizeOrAResetIsWrittenWhole) {
  FrameWriter writer;
  writer.Write(Screen("abc"));
  EXPECT_EQ(writer.Write(Screen("abc", 9)), "\x1b[0m\x1b[2J\x1b[2;1Habc");
  writer.Reset();
  EXPECT_EQ(writer.Write(Screen("abc", 9)), "\x1b[0m\x1b[2J\x1b[2;1Habc");
}

TEST(FrameWriterTest, StylesEndWithTheFrame) {
  FrameWriter writer;
  ftxui::Screen screen = Screen("ab");
  screen.PixelAt(0, 1).bold = true;
  screen.PixelAt(1, 1).bold = true;
  screen.PixelAt(1, 1).foreground_color = ftxui::Color::Red;
  EXPECT_EQ(writer.Write(screen),
            "\x1b[0m\x1b[2J\x1b[2;1H\x1b[0;1ma\x1b[0;1;31mb\x1b[0m");
  EXPECT_EQ(writer.Write(screen), "");
}

TEST(FrameWriterTest, WideCharactersAreNotCut) {
  FrameWriter writer;
  EXPECT_EQ(writer.Write(Screen("界x")), "\x1b[0m\x1b[2J\x1b[2;1H界x");
  // The other half of the old one is blank now.
  EXPECT_EQ(writer.Write(Screen("a x")), "\x1b[2;1Ha ");
  EXPECT_EQ(writer.Write(Screen("界x")), "\x1b[2;1H界");
}

}  // namespace
}  // namespace tallyman::tally
