#include "tally/logs/log_line.h"

#include <string>

#include "gtest/gtest.h"

namespace tallyman::tally {
namespace {

TEST(TerminalLineTest, OnlyColorsPass) {
  EXPECT_EQ(TerminalLine("a\x1b[1;31mred\x1b[0m", true),
            "a\x1b[1;31mred\x1b[0m\x1b[0m");
  EXPECT_EQ(TerminalLine("a\x1b[1;31mred\x1b[0m", false), "ared");
  EXPECT_EQ(TerminalLine("a\tb\rc", true), "a\tb c");
}

TEST(TerminalLineTest, OtherSequencesAreHarmless) {
  // Clear the screen, set the title, move up, ask for a report, C1.
  for (const char* const line :
       {"\x1b[2J", "\x1b]0;title\x07", "\x1b[1A", "\x1b[6n", "\x1b[?25l",
        "\x1b[31;mm\x1b", "\x1b(0", "\xc2\x9b\x32J", "\x1b[3\x1b[2Jm"}) {
    const std::string shown = TerminalLine(line, false);
    EXPECT_EQ(shown.find('\x1b'), std::string::npos) << shown;
    EXPECT_EQ(shown.find('\x07'), std::string::npos) << shown;
    EXPECT_EQ(shown.find("\xc2\x9b"), std::string::npos) << shown;
  }
  EXPECT_EQ(TerminalLine("\x1b[2Jgone", true), "·[2Jgone");
}

TEST(TerminalLineTest, ALongSequenceIsNone) {
  const std::string line = "\x1b[" + std::string(100, '1') + "m";
  EXPECT_EQ(TerminalLine(line, true), "·" + line.substr(1));
}

}  // namespace
}  // namespace tallyman::tally
