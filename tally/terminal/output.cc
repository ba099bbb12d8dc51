#include "tally/terminal/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "platform/base/write_all.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

// ECMA-48, section 8.3.117 (SGR).
std::string_view CodeOf(Style style) {
  switch (style) {
    case Style::kPlain:
      return "";
    case Style::kBold:
      return "1";
    case Style::kDim:
      return "2";
    case Style::kRed:
      return "31";
    case Style::kGreen:
      return "32";
    case Style::kYellow:
      return "33";
    case Style::kBlue:
      return "34";
    case Style::kMagenta:
      return "35";
    case Style::kCyan:
      return "36";
  }
  return "";
}

std::string_view Variable(const char* name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment.
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// The locale of characters: the first of these variables that is set
// (locale(7)).
std::string_view LocaleOfText() {
  for (const char* const name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (const std::string_view value = Variable(name); !value.empty()) {
      return value;
    }
  }
  return "";
}

// "de_DE.UTF-8", "C.utf8".
bool IsUtf8(std::string_view locale) {
  return absl::StrContainsIgnoreCase(locale, "utf-8") ||
         absl::StrContainsIgnoreCase(locale, "utf8");
}

winsize SizeOf(int fd) {
  winsize size = {};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0) size = {};
  return size;
}

}  // namespace

Style InstanceStyle(int n) {
  constexpr Style kStyles[] = {Style::kCyan,    Style::kGreen, Style::kYellow,
                               Style::kMagenta, Style::kBlue,  Style::kRed};
  constexpr int kCount = static_cast<int>(std::size(kStyles));
  return kStyles[((n % kCount) + kCount) % kCount];
}

Output::Output(const Options& options)
    : options_(options),
      is_terminal_(isatty(options.out_fd) == 1),
      error_is_terminal_(isatty(options.error_fd) == 1),
      has_colors_(is_terminal_ && !options.no_color && !options.json &&
                  Variable("NO_COLOR").empty() && Variable("TERM") != "dumb"),
      has_utf8_(IsUtf8(LocaleOfText())) {}

int Output::columns() const {
  if (is_terminal_) {
    if (const winsize size = SizeOf(options_.out_fd); size.ws_col > 0) {
      return size.ws_col;
    }
  }
  int columns = 0;
  if (absl::SimpleAtoi(Variable("COLUMNS"), &columns) && columns > 0) {
    return columns;
  }
  return is_terminal_ ? 80 : 0;
}

int Output::rows() const {
  return is_terminal_ ? SizeOf(options_.out_fd).ws_row : 0;
}

int Output::error_columns() const {
  const winsize size = SizeOf(options_.error_fd);
  return size.ws_col > 0 ? size.ws_col : 80;
}

bool Output::Print(std::string_view text) {
  ClearProgress();
  if (!reader_is_gone_ && !base::WriteAll(options_.out_fd, text)) {
    reader_is_gone_ = true;
  }
  return !reader_is_gone_;
}

void Output::Warn(std::string_view text) {
  WriteError(absl::StrCat("tally: ", text, "\n"));
}

void Output::Note(std::string_view text) {
  if (!options_.quiet) WriteError(absl::StrCat(text, "\n"));
}

void Output::Progress(std::string_view line) {
  if (!shows_progress()) return;
  ClearProgress();
  if (line.empty()) return;
  base::WriteAll(options_.error_fd, Cut(line, error_columns() - 1));
  has_progress_ = true;
}

std::string Output::In(Style style, std::string_view text) const {
  const std::string_view code = CodeOf(style);
  if (!has_colors_ || code.empty()) return std::string(text);
  return absl::StrCat("\x1b[", code, "m", text, "\x1b[0m");
}

void Output::WriteError(std::string_view text) {
  ClearProgress();
  base::WriteAll(options_.error_fd, text);
}

void Output::ClearProgress() {
  if (!has_progress_) return;
  has_progress_ = false;
  // To the first column, and erase the line (ECMA-48, EL).
  base::WriteAll(options_.error_fd, "\r\x1b[2K");
}

}  // namespace tallyman::tally
