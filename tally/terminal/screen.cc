#include "tally/terminal/screen.h"

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "tally/terminal/output.h"

namespace tallyman::tally {
namespace {

// Private modes of xterm (XTerm Control Sequences, "DEC Private Mode Set"):
// 1049 is the alternate screen, 25 the cursor, 7 the wrapping of long lines.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
constexpr std::string_view kLeave = "\x1b[?7h\x1b[?25h\x1b[?1049l";
constexpr int kDefaultRows = 24;

}  // namespace

Screen::Screen(Output& out) : out_(out) { out_.Print(kEnter); }

Screen::~Screen() { out_.Print(kLeave); }

bool Screen::Draw(std::string_view text) {
  absl::ConsumeSuffix(&text, "\n");
  const int rows = out_.rows() > 0 ? out_.rows() : kDefaultRows;
  // ECMA-48: CUP to the first row, EL after each line, ED below the last one.
  // One write for all, without erasing first: the view does not flicker.
  std::string drawn = "\x1b[H";
  int row = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (row == rows) break;
    absl::StrAppend(&drawn, row == 0 ? "" : "\r\n", line, "\x1b[K");
    ++row;
  }
  absl::StrAppend(&drawn, "\x1b[J");
  return out_.Print(drawn);
}

}  // namespace tallyman::tally
