#include "tally/top/model/text_pane.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "tally/top/model/input.h"

namespace tallyman::tally {

size_t TextPane::LastTop() const {
  return lines_.size() > rows_ ? lines_.size() - rows_ : 0;
}

void TextPane::Resize(int rows) {
  rows_ = static_cast<size_t>(std::max(1, rows));
  top_ = sticks_ ? LastTop() : std::min(top_, LastTop());
}

void TextPane::Clear() {
  lines_.clear();
  top_ = 0;
  sticks_ = false;
}

void TextPane::SetLines(std::vector<PaneLine> lines) {
  lines_.assign(std::make_move_iterator(lines.begin()),
                std::make_move_iterator(lines.end()));
  top_ = std::min(top_, LastTop());
}

void TextPane::Append(PaneLine line) {
  lines_.push_back(std::move(line));
  if (lines_.size() > kMaxLines) {
    lines_.pop_front();
    // The lines that are shown stay where they are.
    if (top_ > 0) --top_;
  }
  if (sticks_) top_ = LastTop();
}

void TextPane::StickToEnd() {
  sticks_ = true;
  top_ = LastTop();
}

void TextPane::Scroll(int lines) {
  const auto top = static_cast<int64_t>(top_) + lines;
  top_ = static_cast<size_t>(
      std::clamp<int64_t>(top, 0, static_cast<int64_t>(LastTop())));
  sticks_ = top_ == LastTop();
}

bool TextPane::OnKey(const Key& key) {
  const auto page = static_cast<int>(rows_);
  constexpr int kAll = std::numeric_limits<int>::max() / 2;
  if (key.code == KeyCode::kDown || key.Is("j")) {
    Scroll(1);
  } else if (key.code == KeyCode::kUp || key.Is("k")) {
    Scroll(-1);
  } else if (key.code == KeyCode::kPageDown || key.Is(" ")) {
    Scroll(page);
  } else if (key.code == KeyCode::kPageUp) {
    Scroll(-page);
  } else if (key.code == KeyCode::kHome) {
    Scroll(-kAll);
  } else if (key.code == KeyCode::kEnd) {
    Scroll(kAll);
  } else {
    return false;
  }
  return true;
}

}  // namespace tallyman::tally
