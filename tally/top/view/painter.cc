#include "tally/top/view/painter.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ftxui/screen/color.hpp"
#include "ftxui/screen/pixel.hpp"
#include "ftxui/screen/string.hpp"
#include "tally/terminal/text.h"
#include "tally/top/model/text_pane.h"
#include "tally/top/view/theme.h"

namespace tallyman::tally {

using ftxui::Color;

// Colours of the terminal's own palette, so that its theme decides.
Color Painter::ColorOf(Tone tone) const {
  if (theme_ == Theme::kNone) return Color::Default;
  const bool is_dark = theme_ == Theme::kDark;
  switch (tone) {
    case Tone::kNormal:
    case Tone::kStrong:
      return Color::Default;
    case Tone::kMuted:
      return is_dark ? Color::GrayLight : Color::GrayDark;
    case Tone::kGood:
      return is_dark ? Color::GreenLight : Color::Green;
    case Tone::kWarn:
      return is_dark ? Color::YellowLight : Color::Yellow;
    case Tone::kBad:
      return is_dark ? Color::RedLight : Color::Red;
    case Tone::kBusy:
      return is_dark ? Color::CyanLight : Color::Blue;
  }
  return Color::Default;
}

int Painter::Text(int x, int y, std::string_view text, const TextStyle& style,
                  int max_width) {
  if (max_width <= 0 || y < 0 || y >= height()) return x;
  const Color color = ColorOf(style.tone);
  for (const std::string& glyph : ftxui::Utf8ToGlyphs(Cut(text, max_width))) {
    if (x >= 0 && x < width()) {
      ftxui::Pixel& pixel = screen_.PixelAt(x, y);
      pixel.character = glyph;
      pixel.bold = style.is_bold || style.tone == Tone::kStrong;
      pixel.underlined = style.is_underlined;
      pixel.dim = theme_ == Theme::kNone && style.tone == Tone::kMuted;
      pixel.foreground_color = color;
    }
    ++x;
  }
  return x;
}

void Painter::TextRight(int x, int y, std::string_view text,
                        const TextStyle& style, int width) {
  Text(x + std::max(0, width - Columns(text)), y, text, style, width);
}

void Painter::Invert(int x, int y, int width) {
  if (y < 0 || y >= height()) return;
  for (int i = std::max(0, x); i < std::min(x + width, this->width()); ++i) {
    screen_.PixelAt(i, y).inverted = true;
  }
}

void Painter::SetColour(int x, int y, int width, int64_t number) {
  if (theme_ == Theme::kNone || number <= 0 || y < 0 || y >= height()) return;
  constexpr std::array kColours = {Color::Cyan,    Color::Yellow, Color::Green,
                                   Color::Magenta, Color::Blue,   Color::Red};
  const Color color =
      kColours[static_cast<size_t>(number - 1) % kColours.size()];
  for (int i = std::max(0, x); i < std::min(x + width, this->width()); ++i) {
    screen_.PixelAt(i, y).foreground_color = color;
  }
}

}  // namespace tallyman::tally
