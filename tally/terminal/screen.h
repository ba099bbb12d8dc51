// A view that is drawn again and again on the terminal's alternate screen, so
// that what stood before comes back at the end.
//
//   Screen screen(out);
//   screen.Draw(table.Render(out));

#ifndef TALLYMAN_TALLY_TERMINAL_SCREEN_H_
#define TALLYMAN_TALLY_TERMINAL_SCREEN_H_

#include <string_view>

#include "tally/terminal/output.h"

namespace tallyman::tally {

// Not thread-safe. Standard output is a terminal. Leaves the alternate screen
// when it is destroyed.
class Screen {
 public:
  // `out` must outlive the screen.
  explicit Screen(Output& out);
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // Shows `text`, whose lines fit the terminal's columns, from the first row,
  // and as many lines as there are rows. False once the terminal is gone.
  bool Draw(std::string_view text);

 private:
  Output& out_;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TERMINAL_SCREEN_H_
