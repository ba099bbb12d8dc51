// Standard output and standard error of a command, and what is at their ends: a
// terminal with a width and colours, a file, or a pipe.
//
//   Output out({.no_color = false, .quiet = false});
//   out.Print("4 running\n");
//   out.Note("waiting for 2 instances");

#ifndef TALLYMAN_TALLY_TERMINAL_OUTPUT_H_
#define TALLYMAN_TALLY_TERMINAL_OUTPUT_H_

#include <string>
#include <string_view>

namespace tallyman::tally {

// Colours of the terminal's own palette, so that its theme decides.
enum class Style {
  kPlain,
  kBold,
  kDim,
  kRed,
  kGreen,
  kYellow,
  kBlue,
  kMagenta,
  kCyan
};

// The n-th of the colours that tell instances apart, again from the first after
// the last.
Style InstanceStyle(int n);

// Not thread-safe.
class Output {
 public:
  struct Options {
    bool no_color = false;  // As NO_COLOR (https://no-color.org) does.
    bool quiet = false;
    bool json = false;
    int out_fd = 1;
    int error_fd = 2;
  };

  explicit Output(const Options& options);

  // True if standard output is a terminal.
  bool is_terminal() const { return is_terminal_; }
  bool has_colors() const { return has_colors_; }
  bool is_json() const { return options_.json; }
  bool is_quiet() const { return options_.quiet; }
  // True if the locale of the environment has UTF-8.
  bool has_utf8() const { return has_utf8_; }
  // Columns of the terminal at standard output, else COLUMNS, else 0: lines
  // have no limit. Read anew at each call.
  int columns() const;
  // Rows of the terminal at standard output; 0 if there is none.
  int rows() const;

  // Writes to standard output. False once its reader has gone away: a command
  // that only reads then ends, with success.
  bool Print(std::string_view text);
  bool reader_is_gone() const { return reader_is_gone_; }

  // Writes "tally: TEXT" to standard error.
  void Warn(std::string_view text);
  // A line of progress on standard error; nothing if quiet.
  void Note(std::string_view text);
  // Replaces the line of progress where standard error is a terminal, else
  // nothing. "" removes it. Print(), Warn() and Note() remove it first.
  void Progress(std::string_view line);
  bool shows_progress() const { return error_is_terminal_ && !options_.quiet; }
  // Columns of the terminal at standard error; 80 if there is none.
  int error_columns() const;

  // `text` in this style if there are colours, else as it is.
  std::string In(Style style, std::string_view text) const;

 private:
  void WriteError(std::string_view text);
  void ClearProgress();

  Options options_;
  bool is_terminal_;
  bool error_is_terminal_;
  bool has_colors_;
  bool has_utf8_;
  bool reader_is_gone_ = false;
  bool has_progress_ = false;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TERMINAL_OUTPUT_H_
