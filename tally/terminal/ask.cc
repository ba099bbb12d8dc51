#include "tally/terminal/ask.h"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "auth/secret.h"
#include "platform/base/unique_fd.h"
#include "platform/base/write_all.h"
#include "tally/terminal/interrupt.h"

namespace tallyman::tally {
namespace {

constexpr size_t kMaxLine = 4096;  // A terminal gives no longer ones (termios).

// The terminal without echo, until it is destroyed.
class ScopedNoEcho {
 public:
  explicit ScopedNoEcho(int fd) : fd_(fd) {
    is_changed_ = tcgetattr(fd, &before_) == 0;
    if (!is_changed_) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    // The line break is shown.
    quiet.c_lflag |= ECHONL;
    is_changed_ = tcsetattr(fd, TCSAFLUSH, &quiet) == 0;
  }
  ~ScopedNoEcho() {
    if (is_changed_) tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  ScopedNoEcho(const ScopedNoEcho&) = delete;
  ScopedNoEcho& operator=(const ScopedNoEcho&) = delete;

  bool is_quiet() const { return is_changed_; }

 private:
  int fd_;
  termios before_ = {};
  bool is_changed_;
};

// Waits for input of `tty`; false once `stop` can be read.
bool AwaitInput(int tty, int stop) {
  while (true) {
    pollfd fds[] = {{.fd = tty, .events = POLLIN, .revents = 0},
                    {.fd = stop, .events = POLLIN, .revents = 0}};
    if (poll(fds, 2, -1) < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    return fds[1].revents == 0;
  }
}

// A line into `line`, which the caller has reserved: no copies of it are left.
absl::Status ReadLine(int tty, std::string& line) {
  int pipe_fds[2];
  if (pipe2(pipe_fds, O_CLOEXEC) != 0) {
    return absl::ErrnoToStatus(errno, "pipe");
  }
  const base::UniqueFd stop(pipe_fds[0]);
  const base::UniqueFd stopper(pipe_fds[1]);
  const ScopedInterrupt interrupt(
      [&stopper] { base::WriteAll(stopper.get(), "x"); });
  while (line.size() < kMaxLine) {
    if (!AwaitInput(tty, stop.get())) {
      base::WriteAll(tty, "\n");
      return absl::CancelledError("interrupted");
    }
    char c = 0;
    const ssize_t size = read(tty, &c, 1);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return absl::ErrnoToStatus(errno, "/dev/tty");
    if (size == 0 || c == '\n') break;
    line.push_back(c);
  }
  return absl::OkStatus();
}

// The controlling terminal, or that of standard input where the process has
// none.
absl::StatusOr<base::UniqueFd> OpenTerminal() {
  base::UniqueFd tty(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!tty.valid() && CanAsk()) {
    tty = base::UniqueFd(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  }
  if (!tty.valid()) {
    return absl::FailedPreconditionError("there is no terminal to ask at");
  }
  return tty;
}

}  // namespace

bool CanAsk() { return isatty(STDIN_FILENO) == 1; }

absl::StatusOr<std::string> Ask(std::string_view question) {
  const absl::StatusOr<base::UniqueFd> tty = OpenTerminal();
  if (!tty.ok()) return tty.status();
  base::WriteAll(tty->get(), question);
  std::string line;
  if (absl::Status read = ReadLine(tty->get(), line); !read.ok()) return read;
  return std::string(absl::StripAsciiWhitespace(line));
}

absl::StatusOr<auth::Secret> AskSecret(std::string_view question) {
  const absl::StatusOr<base::UniqueFd> tty = OpenTerminal();
  if (!tty.ok()) return tty.status();
  // Before the question is there: a person may answer at once.
  const ScopedNoEcho no_echo(tty->get());
  if (!no_echo.is_quiet()) {
    return absl::FailedPreconditionError(
        "the terminal cannot hide what is typed");
  }
  base::WriteAll(tty->get(), question);
  std::string line;
  line.reserve(kMaxLine);
  absl::Status read = ReadLine(tty->get(), line);
  auth::Secret secret(absl::StripAsciiWhitespace(line));
  explicit_bzero(line.data(), line.size());
  if (!read.ok()) return read;
  return secret;
}

}  // namespace tallyman::tally
