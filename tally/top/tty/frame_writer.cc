#include "tally/top/tty/frame_writer.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ftxui/screen/pixel.hpp"
#include "ftxui/screen/screen.hpp"
#include "ftxui/screen/string.hpp"

namespace tallyman::tally {
namespace {

using ftxui::Pixel;

// So many equal cells cost no more than to move past them.
constexpr size_t kMaxGap = 6;

bool HasSameStyle(const Pixel& a, const Pixel& b) {
  return a.bold == b.bold && a.dim == b.dim && a.inverted == b.inverted &&
         a.underlined == b.underlined &&
         a.foreground_color == b.foreground_color &&
         a.background_color == b.background_color;
}

bool IsSame(const Pixel& a, const Pixel& b) {
  return a.character == b.character && HasSameStyle(a, b);
}

// Select Graphic Rendition.
void AppendStyle(const Pixel& pixel, std::string& out) {
  absl::StrAppend(&out, "\x1b[0");
  if (pixel.bold) absl::StrAppend(&out, ";1");
  if (pixel.dim) absl::StrAppend(&out, ";2");
  if (pixel.underlined) absl::StrAppend(&out, ";4");
  if (pixel.inverted) absl::StrAppend(&out, ";7");
  const ftxui::Color none = ftxui::Color::Default;
  if (pixel.foreground_color != none) {
    absl::StrAppend(&out, ";", pixel.foreground_color.Print(false));
  }
  if (pixel.background_color != none) {
    absl::StrAppend(&out, ";", pixel.background_color.Print(true));
  }
  out.push_back('m');
}

bool IsWide(const Pixel& pixel) {
  return pixel.character.size() > 1 &&
         ftxui::string_width(pixel.character) == 2;
}

}  // namespace

std::string FrameWriter::Write(const ftxui::Screen& screen) {
  const auto width = static_cast<size_t>(screen.dimx());
  const auto height = static_cast<size_t>(screen.dimy());
  std::string out;
  if (shown_.size() != height || (height > 0 && shown_[0].size() != width)) {
    Pixel blank;
    blank.character = " ";
    shown_.assign(height, Line(width, blank));
    absl::StrAppend(&out, "\x1b[0m\x1b[2J");
  }
  const Pixel plain;
  const Pixel* style = &plain;  // Of the terminal.
  std::vector<Pixel> line(width);
  for (size_t y = 0; y < height; ++y) {
    for (size_t x = 0; x < width; ++x) {
      line[x] = screen.PixelAt(static_cast<int>(x), static_cast<int>(y));
      if (line[x].character.empty()) line[x].character = " ";
      // The second cell of a wide character has no text of its own.
      if (x > 0 && IsWide(line[x - 1])) line[x].character.clear();
    }
    Line& shown = shown_[y];
    size_t x = 0;
    while (x < width) {
      if (IsSame(line[x], shown[x])) {
        ++x;
        continue;
      }
      // Half of a wide character is never written.
      size_t begin = x;
      if (begin > 0 && line[begin].character.empty()) --begin;
      size_t end = x + 1;
      for (size_t i = end; i < width && i - end < kMaxGap; ++i) {
        if (!IsSame(line[i], shown[i])) end = i + 1;
      }
      absl::StrAppend(&out, "\x1b[", y + 1, ";", begin + 1, "H");
      for (size_t i = begin; i < end; ++i) {
        if (!HasSameStyle(line[i], *style)) {
          AppendStyle(line[i], out);
        }
        shown[i] = line[i];
        style = &shown[i];
        out += line[i].character;
      }
      x = end;
    }
  }
  if (!HasSameStyle(*style, plain)) absl::StrAppend(&out, "\x1b[0m");
  return out;
}

}  // namespace tallyman::tally
