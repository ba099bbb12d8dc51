#include "tally/terminal/confirm.h"

#include <unistd.h>

#include <iostream>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tally/terminal/output.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

bool CanAnswer() {
  return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

}  // namespace

absl::Status Confirm(std::string_view question, Output& out) {
  if (!CanAnswer()) {
    return absl::InvalidArgumentError(
        absl::StrCat(question, " Nobody can answer here: give -y to do it"));
  }
  out.Progress("");
  std::cerr << Printable(question) << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  answer = absl::AsciiStrToLower(absl::StripAsciiWhitespace(answer));
  if (answer == "y" || answer == "yes") return absl::OkStatus();
  return absl::UnknownError("not confirmed; nothing has changed");
}

absl::Status ConfirmAtTerminal(std::string_view question, Output& out) {
  return CanAnswer() ? Confirm(question, out) : absl::OkStatus();
}

}  // namespace tallyman::tally
