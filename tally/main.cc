// main() of tally: command line, help, errors, exit code.

#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "platform/base/version.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/cli/help.h"
#include "tally/cli/parser.h"
#include "tally/cli/secret_arguments.h"
#include "tally/client/api.h"
#include "tally/commands/session.h"
#include "tally/commands/table.h"
#include "tally/completion/complete.h"
#include "tally/terminal/interrupt.h"
#include "tally/terminal/output.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

// Prints the error and returns its exit code.
int Fail(const absl::Status& status, bool is_json, Output& out) {
  const ExitCode code = ExitCodeOf(status);
  if (!is_json) {
    out.Warn(Printable(status.message()));
    return static_cast<int>(code);
  }
  Json error = {{"error", std::string(status.message())},
                {"exit_code", static_cast<int>(code)}};
  if (const auto payload = status.GetPayload(kApiErrorPayload)) {
    error["answer"] = Json::parse(std::string(*payload), nullptr, false);
  }
  std::cerr << error.dump(-1, ' ', false, Json::error_handler_t::replace)
            << "\n";
  return static_cast<int>(code);
}

int Main(const std::vector<std::string>& arguments, bool has_secrets) {
  HandleInterrupts();
  if (!arguments.empty() && arguments.front() == "__complete") {
    Output({}).Print(
        Complete(CommandTable(), {arguments.begin() + 1, arguments.end()}));
    // A request may still be under way.
    _exit(0);
  }
  const bool is_json = absl::c_linear_search(arguments, "--json");
  Output plain({.no_color = absl::c_linear_search(arguments, "--no-color"),
                .json = is_json});
  if (has_secrets) {
    plain.Warn(
        "other users can see a token in the arguments (ps), and it stays in "
        "the history of the shell; use --token-file, TALLY_TOKEN_FILE or "
        "`tally login`, and revoke this token");
  }
  if (arguments.empty()) {
    plain.Print(Overview(CommandTable()));
    return 0;
  }
  if (arguments.front() == "--version") {
    plain.Print(absl::StrCat("tally ", base::Version(), "\n"));
    return 0;
  }
  const absl::StatusOr<Invocation> invocation =
      Parse(CommandTable(), arguments);
  if (!invocation.ok()) return Fail(invocation.status(), is_json, plain);
  if (invocation->Has("help")) {
    plain.Print(HelpFor(CommandTable(), *invocation));
    return 0;
  }

  Output out({.no_color = invocation->Has("no-color"),
              .quiet = invocation->Has("quiet"),
              .json = invocation->Has("json")});
  Session session(CommandTable(), *invocation, out);
  const absl::StatusOr<ExitCode> code = invocation->command().run(session);
  // What read from standard output has seen enough.
  if (out.reader_is_gone() && absl::IsCancelled(code.status())) return 0;
  if (!code.ok()) return Fail(code.status(), out.is_json(), out);
  return static_cast<int>(*code);
}

}  // namespace
}  // namespace tallyman::tally

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const bool has_secrets = tallyman::tally::HideSecretArguments(argc, argv);
  return tallyman::tally::Main(arguments, has_secrets);
}
