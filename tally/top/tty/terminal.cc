#include "tally/top/tty/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/text.h"
#include "platform/base/unique_fd.h"
#include "tally/top/model/top_state.h"

namespace tallyman::tally {
namespace {

// Alternate screen with the cursor saved, no cursor, no wrapping of lines,
// bracketed paste.
constexpr std::string_view kEnter =
    "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?2004h\x1b[0m\x1b[2J";
// Presses and releases of buttons, as SGR.
constexpr std::string_view kMouseOn = "\x1b[?1000h\x1b[?1006h";
// Also switches off what was not switched on, which has no effect. Empties the
// alternate screen first: tmux shows lines of one that has been resized.
constexpr std::string_view kLeave =
    "\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[?7h\x1b[0m\x1b[H\x1b[2J\x1b[?25h"
    "\x1b[?1049l";
constexpr int kDrainMs = 1000;

constexpr std::array kCrashSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// For the handler of crashes.
struct CrashState {
  int input_fd = -1;
  int output_fd = -1;
  termios saved = {};
  std::array<struct sigaction, kCrashSignals.size()> before = {};
};
CrashState crash_state;
volatile sig_atomic_t is_crash_state_set = 0;

// Async-signal-safe: write(2) and tcsetattr(3) are (signal-safety(7)).
void PutBackAndEnd(int signal) {
  if (is_crash_state_set != 0) {
    is_crash_state_set = 0;
    [[maybe_unused]] const ssize_t written =
        write(crash_state.output_fd, kLeave.data(), kLeave.size());
    tcsetattr(crash_state.input_fd, TCSANOW, &crash_state.saved);
  }
  // SA_RESETHAND has put the default back: the signal ends the process, with
  // its core dump, when this returns.
  raise(signal);
}

void WatchCrashes() {
  is_crash_state_set = 1;
  for (size_t i = 0; i < kCrashSignals.size(); ++i) {
    struct sigaction action = {};
    action.sa_handler = &PutBackAndEnd;
    action.sa_flags = SA_RESETHAND;
    sigaction(kCrashSignals[i], &action, &crash_state.before[i]);
  }
}

void ForgetCrashes() {
  for (size_t i = 0; i < kCrashSignals.size(); ++i) {
    sigaction(kCrashSignals[i], &crash_state.before[i], nullptr);
  }
  is_crash_state_set = 0;
}

// cfmakeraw(3) without its change of the output: control sequences are the
// same, and what other programs print stays readable.
termios Raw(termios modes) {
  modes.c_iflag &= static_cast<tcflag_t>(
      ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON));
  modes.c_lflag &=
      static_cast<tcflag_t>(~(ECHO | ECHONL | ICANON | ISIG | IEXTEN));
  modes.c_cc[VMIN] = 1;
  modes.c_cc[VTIME] = 0;
  return modes;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Terminal>> Terminal::Open(
    const Options& options) {
  if (isatty(options.input_fd) == 0 || isatty(options.output_fd) == 0) {
    return absl::FailedPreconditionError(
        "standard input and output are no terminal: run it in one, or use "
        "`tally ps`");
  }
  // Not called while other threads change the environment.
  const char* const kind =
      std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe)
  if (kind == nullptr || *kind == '\0' || std::string_view(kind) == "dumb") {
    return absl::FailedPreconditionError(absl::StrCat(
        "the terminal ", base::Quote(kind == nullptr ? "" : kind),
        " of TERM can not move its cursor: set TERM, or use `tally ps`"));
  }
  auto terminal = absl::WrapUnique(new Terminal(options));
  std::array<char, 256> name = {};
  if (ttyname_r(options.output_fd, name.data(), name.size()) == 0) {
    terminal->output_ = base::UniqueFd(
        open(name.data(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  }
  if (!terminal->output_.valid()) {
    // Of another user, such as after su(1): writes block.
    terminal->output_ =
        base::UniqueFd(fcntl(options.output_fd, F_DUPFD_CLOEXEC, 3));
  }
  if (!terminal->output_.valid() ||
      tcgetattr(options.input_fd, &terminal->saved_) != 0) {
    return absl::FailedPreconditionError("can not open the terminal");
  }
  return terminal;
}

Terminal::~Terminal() { Leave(); }

void Terminal::Enter() {
  if (is_entered_) return;
  is_entered_ = true;
  tcgetattr(options_.input_fd, &saved_);
  crash_state.input_fd = options_.input_fd;
  crash_state.output_fd = output_.get();
  crash_state.saved = saved_;
  WatchCrashes();
  SetModes();
}

void Terminal::EnterAgain() {
  if (is_entered_) SetModes();
}

void Terminal::SetModes() {
  const termios raw = Raw(saved_);
  tcsetattr(options_.input_fd, TCSADRAIN, &raw);
  Write(kEnter);
  if (options_.has_mouse) Write(kMouseOn);
}

void Terminal::Leave() {
  if (!is_entered_) return;
  is_entered_ = false;
  // A part of a sequence may have been written: end it, too.
  Write(kLeave);
  Drain();
  pending_.clear();
  tcsetattr(options_.input_fd, TCSAFLUSH, &saved_);
  ForgetCrashes();
}

ScreenSize Terminal::Size() const {
  winsize size = {};
  if (ioctl(output_.get(), TIOCGWINSZ, &size) != 0 || size.ws_col == 0 ||
      size.ws_row == 0) {
    return {};
  }
  return {.width = size.ws_col, .height = size.ws_row};
}

std::string Terminal::Read() {
  std::array<char, 4096> buffer;
  const ssize_t size = read(options_.input_fd, buffer.data(), buffer.size());
  if (size > 0) return {buffer.data(), static_cast<size_t>(size)};
  // The other side of a terminal that has gone away reads as an end or an
  // error.
  if (size == 0 || (errno != EAGAIN && errno != EINTR)) is_gone_ = true;
  return "";
}

void Terminal::Write(std::string_view text) {
  pending_.append(text);
  WritePending();
}

void Terminal::WritePending() {
  while (!pending_.empty()) {
    const ssize_t size = write(output_.get(), pending_.data(), pending_.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
      is_gone_ = true;
      pending_.clear();
      return;
    }
    pending_.erase(0, static_cast<size_t>(size));
  }
}

void Terminal::Drain() {
  pollfd waiting = {.fd = output_.get(), .events = POLLOUT, .revents = 0};
  // Each round writes something, or is the last one.
  while (has_pending() && poll(&waiting, 1, kDrainMs) > 0) {
    const size_t before = pending_.size();
    WritePending();
    if (pending_.size() == before) break;
  }
}

}  // namespace tallyman::tally
