#include "tally/top/tty/input_parser.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tally/top/model/input.h"

namespace tallyman::tally {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Input Text(std::string text) {
  return Key{.code = KeyCode::kText, .text = std::move(text)};
}
Input Code(KeyCode code) { return Key{.code = code}; }

TEST(InputParserTest, ReadsCharacters) {
  InputParser parser;
  EXPECT_THAT(parser.Parse("aß界"),
              ElementsAre(Text("a"), Text("ß"), Text("界")));
  EXPECT_THAT(parser.Parse("\r\t\x7f"),
              ElementsAre(Code(KeyCode::kEnter), Code(KeyCode::kTab),
                          Code(KeyCode::kBackspace)));
  EXPECT_THAT(parser.Parse("\x03"),
              ElementsAre(Key{.code = KeyCode::kControl, .text = "c"}));
  EXPECT_FALSE(parser.is_pending());
}

TEST(InputParserTest, ReadsKeysOfXtermAndOthers) {
  InputParser parser;
  EXPECT_THAT(parser.Parse("\x1b[A\x1bOB\x1b[1;5C"),
              ElementsAre(Code(KeyCode::kUp), Code(KeyCode::kDown),
                          Code(KeyCode::kRight)));
  EXPECT_THAT(parser.Parse("\x1b[5~\x1b[6~\x1b[1~\x1b[4~\x1b[H\x1b[F\x1b[3~"),
              ElementsAre(Code(KeyCode::kPageUp), Code(KeyCode::kPageDown),
                          Code(KeyCode::kHome), Code(KeyCode::kEnd),
                          Code(KeyCode::kHome), Code(KeyCode::kEnd),
                          Code(KeyCode::kDelete)));
  EXPECT_THAT(parser.Parse("\x1b[99~"), ElementsAre(Code(KeyCode::kUnknown)));
}

TEST(InputParserTest, SequencesComeInPieces) {
  InputParser parser;
  const std::string_view bytes = "\x1b[6~界\x1b[<0;3;4M";
  std::vector<Input> inputs;
  for (const char byte : bytes) {
    for (const Input& input : parser.Parse({&byte, 1})) inputs.push_back(input);
  }
  EXPECT_THAT(inputs, ElementsAre(Code(KeyCode::kPageDown), Text("界"),
                                  Mouse{.x = 2, .y = 3}));
  EXPECT_FALSE(parser.is_pending());
}

TEST(InputParserTest, AnEscapeAloneIsAKeyAfterAWhile) {
  InputParser parser;
  EXPECT_THAT(parser.Parse("\x1b"), IsEmpty());
  EXPECT_TRUE(parser.is_pending());
  EXPECT_THAT(parser.Flush(), ElementsAre(Code(KeyCode::kEscape)));
  EXPECT_FALSE(parser.is_pending());
  EXPECT_THAT(parser.Parse("\x1bj"),
              ElementsAre(Code(KeyCode::kEscape), Text("j")));
  EXPECT_THAT(parser.Parse("\x1b["), IsEmpty());
  EXPECT_THAT(parser.Flush(), ElementsAre(Code(KeyCode::kEscape)));
}

TEST(InputParserTest, ReadsTheMouse) {
  InputParser parser;
  EXPECT_THAT(
      parser.Parse("\x1b[<64;1;1M\x1b[<65;80;24M\x1b[<0;5;6m\x1b[<2;5;6M"),
      ElementsAre(Mouse{.kind = Mouse::Kind::kWheelUp},
                  Mouse{.kind = Mouse::Kind::kWheelDown, .x = 79, .y = 23}));
  EXPECT_THAT(parser.Parse("\x1b[<0;;6M\x1b[<0;5M"), IsEmpty());
}

TEST(InputParserTest, PastedTextIsNoKeys) {
  InputParser parser;
  EXPECT_THAT(parser.Parse("\x1b[200~q\r\x1b[A"), IsEmpty());
  EXPECT_FALSE(parser.is_pending()) << "its end may come late";
  EXPECT_THAT(parser.Parse("x\x1b[20"), IsEmpty());
  EXPECT_THAT(parser.Parse("1~q"),
              ElementsAre(Paste{.text = "q\r\x1b[Ax"}, Text("q")));
}

TEST(InputParserTest, OtherBytesAreNoKeys) {
  InputParser parser;
  EXPECT_THAT(
      parser.Parse("\xff\xc0"
                   "a"),
      ElementsAre(Code(KeyCode::kUnknown), Code(KeyCode::kUnknown), Text("a")));
  EXPECT_THAT(parser.Parse("\u202e"), ElementsAre(Code(KeyCode::kUnknown)));
  parser.Parse(std::string("\x1b[") + std::string(1000, '1'));
  EXPECT_THAT(parser.Parse("~a").back(), Text("a"));
}

}  // namespace
}  // namespace tallyman::tally
