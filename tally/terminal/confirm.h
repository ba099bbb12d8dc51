// Questions before what cannot be undone.

#ifndef TALLYMAN_TALLY_TERMINAL_CONFIRM_H_
#define TALLYMAN_TALLY_TERMINAL_CONFIRM_H_

#include <string_view>

#include "absl/status/status.h"
#include "tally/terminal/output.h"

namespace tallyman::tally {

// Asks `question`, such as "Delete shop?", on the terminal. OK for "y" and
// "yes", Unknown (exit code 1) for any other answer. InvalidArgument without a
// terminal at standard input and standard error; it names -y.
absl::Status Confirm(std::string_view question, Output& out);

// The same for what scripts do unasked: OK without a terminal.
absl::Status ConfirmAtTerminal(std::string_view question, Output& out);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TERMINAL_CONFIRM_H_
