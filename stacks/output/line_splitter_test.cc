#include "stacks/output/line_splitter.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stacks/output/output_line.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LineSplitterTest : public testing::Test {
 protected:
  void Add(std::string_view bytes) {
    splitter_.Add(bytes, [this](const LineSplitter::Piece& p) { Record(p); });
  }
  void Flush() {
    splitter_.Flush([this](const LineSplitter::Piece& p) { Record(p); });
  }

  LineSplitter splitter_;
  std::vector<std::string> pieces_;  // A partial one ends in "+".
  std::vector<int64_t> ends_;

 private:
  void Record(const LineSplitter::Piece& piece) {
    pieces_.push_back(absl::StrCat(piece.text, piece.is_partial ? "+" : ""));
    ends_.push_back(piece.end);
  }
};

TEST_F(LineSplitterTest, LinesAreSplit) {
  Add("one\n\ntwo\r\nth\rree\r\r\n");
  EXPECT_THAT(pieces_, ElementsAre("one", "", "two", "th\rree\r"));
  EXPECT_THAT(ends_, ElementsAre(4, 5, 10, 19));
  EXPECT_EQ(splitter_.pending(), 0);
}

TEST_F(LineSplitterTest, PartsOfALineAreJoined) {
  for (const char byte : std::string_view("one\r\ntwo\nthree")) {
    Add(std::string_view(&byte, 1));
  }
  EXPECT_THAT(pieces_, ElementsAre("one", "two"));
  EXPECT_EQ(splitter_.pending(), 5);
  Add("");
  EXPECT_EQ(splitter_.pending(), 5);
}

TEST_F(LineSplitterTest, AFlushPassesOnABeginning) {
  Flush();
  EXPECT_THAT(pieces_, IsEmpty());
  Add("on");
  Flush();
  Flush();
  Add("e\ntwo\n");
  EXPECT_THAT(pieces_, ElementsAre("on+", "e", "two"));
  EXPECT_THAT(ends_, ElementsAre(2, 4, 8));
}

TEST_F(LineSplitterTest, LongLinesAreCut) {
  const std::string piece(kMaxOutputPieceBytes, 'x');
  Add(absl::StrCat(piece, "\n"));
  EXPECT_THAT(pieces_, ElementsAre(piece));
  pieces_.clear();
  Add(absl::StrCat(piece, piece, "yz\n"));
  EXPECT_THAT(pieces_, ElementsAre(piece + "+", piece + "+", "yz"));
  pieces_.clear();
  // Without an end, a piece is not kept back longer than needed.
  for (size_t i = 0; i <= kMaxOutputPieceBytes; ++i) Add("x");
  EXPECT_THAT(pieces_, ElementsAre(piece + "+"));
  EXPECT_EQ(splitter_.pending(), 1);
}

TEST_F(LineSplitterTest, ACutIsBetweenCharacters) {
  for (size_t shift = 0; shift < 4; ++shift) {
    pieces_.clear();
    std::string text(shift, 'x');
    while (text.size() < kMaxOutputPieceBytes + 8) text += "\U0001F600";
    Add(text + "\n");
    ASSERT_EQ(pieces_.size(), 2) << shift;
    EXPECT_EQ((pieces_[0].size() - 1 - shift) % 4, 0) << shift;
    pieces_[0].pop_back();
    EXPECT_EQ(pieces_[0] + pieces_[1], text) << shift;
  }
  // Bytes that are no UTF-8 are cut anywhere.
  pieces_.clear();
  Add(std::string(kMaxOutputPieceBytes + 8, '\x80') + "\n");
  EXPECT_EQ(pieces_[0].size(), kMaxOutputPieceBytes + 1);
}

TEST_F(LineSplitterTest, ACutDoesNotSeparateCrLf) {
  const std::string text(kMaxOutputPieceBytes - 1, 'x');
  Add(text + "\r");
  Add("\n");
  EXPECT_THAT(pieces_, ElementsAre(text));
  pieces_.clear();
  Add(text + "x\r\n");
  EXPECT_THAT(pieces_, ElementsAre(text + "x+", ""));
}

}  // namespace
}  // namespace tallyman::stacks
