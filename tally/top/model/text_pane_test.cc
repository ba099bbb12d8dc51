#include "tally/top/model/text_pane.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tally/top/model/input.h"

namespace tallyman::tally {
namespace {

void Append(TextPane& pane, int from, int to) {
  for (int i = from; i < to; ++i) pane.Append({.text = absl::StrCat(i)});
}

TEST(TextPaneTest, SticksToTheEndUntilSomebodyScrollsUp) {
  TextPane pane;
  pane.Resize(3);
  pane.StickToEnd();
  Append(pane, 0, 10);
  EXPECT_EQ(pane.top(), 7U);

  EXPECT_TRUE(pane.OnKey({.code = KeyCode::kText, .text = "k"}));
  EXPECT_FALSE(pane.sticks());
  Append(pane, 10, 12);
  EXPECT_EQ(pane.top(), 6U);

  EXPECT_TRUE(pane.OnKey({.code = KeyCode::kEnd}));
  EXPECT_TRUE(pane.sticks());
  Append(pane, 12, 13);
  EXPECT_EQ(pane.top(), 10U);
}

TEST(TextPaneTest, KeepsTheNewestLines) {
  TextPane pane;
  pane.Resize(3);
  Append(pane, 0, TextPane::kMaxLines);
  pane.Scroll(100);
  Append(pane, 0, 10);
  EXPECT_EQ(pane.lines().size(), TextPane::kMaxLines);
  EXPECT_EQ(pane.lines().front().text, "10");
  EXPECT_EQ(pane.top(), 90U) << "the same lines are shown";
}

TEST(TextPaneTest, ScrollsWithinItsLines) {
  TextPane pane;
  pane.Resize(3);
  EXPECT_TRUE(pane.OnKey({.code = KeyCode::kPageDown}));
  EXPECT_EQ(pane.top(), 0U);
  Append(pane, 0, 5);
  pane.OnKey({.code = KeyCode::kPageDown});
  EXPECT_EQ(pane.top(), 2U);
  pane.OnKey({.code = KeyCode::kHome});
  EXPECT_EQ(pane.top(), 0U);
  EXPECT_FALSE(pane.OnKey({.code = KeyCode::kEscape}));
}

}  // namespace
}  // namespace tallyman::tally
