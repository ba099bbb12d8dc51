// Writes text into the cells of a screen, in the colours of a theme.

#ifndef TALLYMAN_TALLY_TOP_VIEW_PAINTER_H_
#define TALLYMAN_TALLY_TOP_VIEW_PAINTER_H_

#include <cstdint>
#include <string_view>

#include "ftxui/screen/color.hpp"
#include "ftxui/screen/screen.hpp"
#include "tally/top/model/text_pane.h"
#include "tally/top/view/theme.h"

namespace tallyman::tally {

struct TextStyle {
  Tone tone = Tone::kNormal;
  bool is_bold = false;
  bool is_underlined = false;
};

// Not thread-safe. The screen must outlive the painter.
class Painter {
 public:
  Painter(ftxui::Screen& screen, Theme theme)
      : screen_(screen), theme_(theme) {}

  int width() const { return screen_.dimx(); }
  int height() const { return screen_.dimy(); }

  // Writes at most `max_width` cells of `text`, which must be fit for a
  // terminal, and ends a longer one with "…". Cells outside of the screen are
  // left out. Returns the x after the text.
  int Text(int x, int y, std::string_view text, const TextStyle& style,
           int max_width);
  int Text(int x, int y, std::string_view text, const TextStyle& style) {
    return Text(x, y, text, style, width() - x);
  }
  // The same, so that the text ends before `x + width`.
  void TextRight(int x, int y, std::string_view text, const TextStyle& style,
                 int width);

  // Swaps the colours of the cells of a line: of the selected one.
  void Invert(int y) { Invert(0, y, width()); }
  void Invert(int x, int y, int width);

  // Gives the cells the colour that tells instances apart. 0: none.
  void SetColour(int x, int y, int width, int64_t number);

 private:
  ftxui::Color ColorOf(Tone tone) const;

  ftxui::Screen& screen_;
  const Theme theme_;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_VIEW_PAINTER_H_
