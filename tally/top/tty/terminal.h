// The terminal while a program has all of its screen: raw mode, the alternate
// screen, mouse and bracketed paste; and the way back, on every end.
//
//   absl::StatusOr<std::unique_ptr<Terminal>> terminal = Terminal::Open(
//       {.input_fd = 0, .output_fd = 1, .has_mouse = true});
//   (*terminal)->Enter();
//   (*terminal)->Write(text);   // Never blocks.
//   ... (*terminal)->Leave(), or its destructor.
//
// While a Terminal is entered, SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT put
// the terminal back before they end the process. Source of the sequences:
// xterm, ctlseqs ("DEC Private Mode Set"); of the modes: termios(3).

#ifndef TALLYMAN_TALLY_TOP_TTY_TERMINAL_H_
#define TALLYMAN_TALLY_TOP_TTY_TERMINAL_H_

#include <termios.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"
#include "tally/top/model/top_state.h"

namespace tallyman::tally {

// Not thread-safe. At most one is entered at a time.
class Terminal {
 public:
  struct Options {
    int input_fd = 0;
    int output_fd = 1;
    bool has_mouse = true;
  };

  // FailedPrecondition unless both descriptors are terminals and TERM names one
  // that can move its cursor.
  static absl::StatusOr<std::unique_ptr<Terminal>> Open(const Options& options);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // No effect where it is so already. Errors of a terminal that has gone away
  // are not reported: the kernel sends SIGHUP.
  void Enter();
  // Sets all again where another program has changed it meanwhile.
  void EnterAgain();
  // Also drops input that nobody has read, such as reports of the mouse.
  void Leave();

  ScreenSize Size() const;
  int input_fd() const { return options_.input_fd; }
  // Watch it for writing while has_pending().
  int output_fd() const { return output_.get(); }

  // Bytes that are there. "" if there are none; is_gone() then if the terminal
  // has gone away.
  std::string Read();
  bool is_gone() const { return is_gone_; }

  // Writes what the terminal takes now, and keeps the rest.
  void Write(std::string_view text);
  void WritePending();
  bool has_pending() const { return !pending_.empty(); }

 private:
  explicit Terminal(const Options& options) : options_(options) {}
  void SetModes();
  // Waits for the terminal to take all, for a second at most.
  void Drain();

  const Options options_;
  // Opened anew, so that O_NONBLOCK is not set for other programs.
  base::UniqueFd output_;
  termios saved_ = {};
  bool is_entered_ = false;
  bool is_gone_ = false;
  std::string pending_;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_TTY_TERMINAL_H_
