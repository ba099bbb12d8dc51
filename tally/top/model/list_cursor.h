// The selected row of a list, and the part of the list that is shown.

#ifndef TALLYMAN_TALLY_TOP_MODEL_LIST_CURSOR_H_
#define TALLYMAN_TALLY_TOP_MODEL_LIST_CURSOR_H_

#include <algorithm>

namespace tallyman::tally {

struct ListCursor {
  int selected = 0;  // A row of the list.
  int top = 0;       // The first row that is shown.

  // Selects the row that is nearest to `row`, and scrolls so that it is among
  // the `shown` ones.
  void Select(int row, int count, int shown) {
    selected = std::clamp(row, 0, std::max(0, count - 1));
    shown = std::max(1, shown);
    if (selected < top) top = selected;
    if (selected >= top + shown) top = selected - shown + 1;
    top = std::clamp(top, 0, std::max(0, count - shown));
  }
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_MODEL_LIST_CURSOR_H_
