#include "tally/commands/about.h"

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "platform/base/version.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/cli/help.h"
#include "tally/cli/man_page.h"
#include "tally/cli/parser.h"
#include "tally/commands/session.h"
#include "tally/completion/scripts.h"
#include "tally/terminal/output.h"

namespace tallyman::tally {
namespace {

absl::StatusOr<ExitCode> Help(Session& session) {
  std::vector<std::string> words = session.arguments().Values("COMMAND");
  words.push_back("--help");
  const absl::StatusOr<Invocation> invocation = Parse(session.table(), words);
  if (!invocation.ok()) return invocation.status();
  session.out().Print(HelpFor(session.table(), *invocation));
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> Completion(Session& session) {
  session.out().Print(
      CompletionScript(session.arguments().ValueOr("SHELL", "")));
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> Man(Session& session) {
  session.out().Print(ManPage(session.table(), base::Version(),
                              session.arguments().ValueOr("DATE", "")));
  return ExitCode::kDone;
}

}  // namespace

CommandSpec HelpCommand() {
  return {.path = "help",
          .summary = "Show the help of a command",
          .arguments = {{.name = "COMMAND",
                         .help = "words of the command; all commands if none "
                                 "are given",
                         .completes = Completes::kCommand,
                         .optional = true,
                         .repeated = true}},
          .examples = {{.line = "tally help stacks list",
                        .explanation = "the same as `tally stacks list "
                                       "--help`"}},
          .run = &Help};
}

CommandSpec CompletionCommand() {
  return {
      .path = "completion",
      .summary = "Print the completion script of a shell",
      .details =
          "Completes commands, options, and the names of stacks, processes and "
          "servers that the running server has. A server that takes longer "
          "than TALLY_COMPLETION_TIMEOUT (80 ms) is not waited for.",
      .arguments = {{.name = "SHELL",
                     .help = "the shell",
                     .completes = Completes::kChoice,
                     .choices = {"bash", "zsh", "fish"}}},
      .examples = {{.line = "tally completion bash > "
                            "~/.local/share/bash-completion/completions/tally",
                    .explanation =
                        "for bash, with the package bash-completion"},
                   {.line = "tally completion zsh > ~/.zfunc/_tally",
                    .explanation = "for zsh, with ~/.zfunc in fpath"},
                   {.line = "tally completion fish > "
                            "~/.config/fish/completions/tally.fish",
                    .explanation = "for fish"}},
      .run = &Completion};
}

CommandSpec ManCommand() {
  return {.path = "__man",
          .summary = "Print the manual page tally(1)",
          .arguments = {{.name = "DATE",
                         .help = "date of the release, such as 2026-11-30"}},
          .examples = {{.line = "tally __man 2026-11-30 > tally.1",
                        .explanation = "makes the page"}},
          .hidden = true,
          .run = &Man};
}

}  // namespace tallyman::tally
