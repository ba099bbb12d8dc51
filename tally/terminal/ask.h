// Questions to the person at the terminal.

#ifndef TALLYMAN_TALLY_TERMINAL_ASK_H_
#define TALLYMAN_TALLY_TERMINAL_ASK_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "auth/secret.h"

namespace tallyman::tally {

// True if there is a terminal to ask at: standard input is one.
bool CanAsk();

// Writes `question` to the controlling terminal (/dev/tty, tty(4)), or to that
// of standard input if there is none, and reads a line, without white space
// around it. Cancelled after Ctrl-C, with the terminal as it was before;
// FailedPrecondition if there is no terminal. Not thread-safe; no
// ScopedInterrupt may exist.
absl::StatusOr<std::string> Ask(std::string_view question);

// The same without echo (termios(3)).
absl::StatusOr<auth::Secret> AskSecret(std::string_view question);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TERMINAL_ASK_H_
