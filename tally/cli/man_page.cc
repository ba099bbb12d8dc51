#include "tally/cli/man_page.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/cli/help.h"

namespace tallyman::tally {
namespace {

// `text` as roff shows it: a line of text, or part of one (groff_char(7)).
std::string Escape(std::string_view text) {
  const std::string escaped = absl::StrReplaceAll(text, {{"\\", "\\e"},
                                                         {"-", "\\-"},
                                                         {"…", "..."},
                                                         {"~", "\\(ti"},
                                                         {"^", "\\(ha"},
                                                         {"`", "\\(ga"},
                                                         {"'", "\\(aq"},
                                                         {"\"", "\\(dq"}});
  // A line that begins with a control character is a request.
  return absl::StartsWith(escaped, ".") ? absl::StrCat("\\&", escaped)
                                        : escaped;
}

std::string Bold(std::string_view text) {
  return absl::StrCat("\\fB", Escape(text), "\\fR");
}

std::string Italic(std::string_view text) {
  return absl::StrCat("\\fI", Escape(text), "\\fR");
}

std::string Sentence(std::string_view text) {
  std::string sentence = Escape(text);
  if (!sentence.empty()) {
    sentence[0] = absl::ascii_toupper(static_cast<unsigned char>(sentence[0]));
  }
  return absl::StrCat(sentence, ".\n");
}

std::string Item(std::string_view term, std::string_view text) {
  return absl::StrCat(".TP\n", term, "\n", text);
}

std::string OptionItem(const OptionSpec& option) {
  std::string term = Bold(absl::StrCat("--", option.name));
  if (option.letter != 0) {
    term = absl::StrCat(Bold(absl::StrCat("-", std::string(1, option.letter))),
                        ", ", term);
  }
  if (!option.value.empty()) absl::StrAppend(&term, "=", Italic(option.value));
  std::string help(option.help);
  if (!option.choices.empty()) {
    absl::StrAppend(&help, ": ", absl::StrJoin(option.choices, ", "));
  }
  return Item(term, Sentence(help));
}

std::string ArgumentItem(const ArgumentSpec& argument) {
  std::string help(argument.help);
  if (!argument.choices.empty()) {
    absl::StrAppend(&help, ": ", absl::StrJoin(argument.choices, ", "));
  }
  return Item(Italic(argument.name), Sentence(help));
}

std::string Paragraphs(std::string_view text) {
  std::string out;
  if (text.empty()) return out;
  for (const absl::string_view paragraph : absl::StrSplit(text, "\n\n")) {
    absl::StrAppend(&out, ".PP\n", Escape(paragraph), "\n");
  }
  return out;
}

std::string CommandSection(const CommandSpec& command) {
  // "tally stacks apply [OPTIONS] FILE", of which help has the one form.
  std::string out = absl::StrCat(".SS ", Escape(UsageLine(command)), "\n",
                                 Escape(command.summary), ".\n");
  if (!command.alias.empty()) {
    absl::StrAppend(&out, Bold(absl::StrCat("tally ", command.alias)),
                    " is the same.\n");
  }
  absl::StrAppend(&out, Paragraphs(command.details));
  for (const ArgumentSpec& argument : command.arguments) {
    absl::StrAppend(&out, ArgumentItem(argument));
  }
  for (const OptionSpec& option : command.options) {
    absl::StrAppend(&out, OptionItem(option));
  }
  if (!command.examples.empty()) {
    absl::StrAppend(&out, ".PP\nExamples:\n");
    for (const ExampleSpec& example : command.examples) {
      absl::StrAppend(&out,
                      Item(Bold(example.line), Sentence(example.explanation)));
    }
  }
  return out;
}

struct Variable {
  std::string_view name;
  std::string_view text;
};

constexpr Variable kVariables[] = {
    {"TALLY_URL", "address of the server, as --url"},
    {"TALLY_CONTEXT", "context of the configuration file, as --context"},
    {"TALLY_TOKEN", "the token"},
    {"TALLY_TOKEN_FILE", "file with the token, as --token-file"},
    {"TALLY_CA", "file with certificate authorities, as --ca"},
    {"TALLY_STACK", "the stack of commands without --stack"},
    {"TALLY_CONFIG", "the configuration file"},
    {"TALLY_COMPLETION_TIMEOUT",
     "how long completion waits for the server, in milliseconds; 80 without "
     "it"},
    {"NO_COLOR", "any value turns colours off"},
};

}  // namespace

std::string ManPage(const std::vector<CommandSpec>& table,
                    std::string_view version, std::string_view date) {
  std::string out = absl::StrCat(
      ".\\\" Made by `tally __man` from the table of commands.\n.TH TALLY 1 ",
      date, " \"Tallyman ", version,
      "\"\n"
      ".SH NAME\ntally \\- ask a Tallyman server what runs, and scale it\n"
      ".SH SYNOPSIS\n\\fBtally\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n"
      ".SH DESCRIPTION\n");
  absl::StrAppend(
      &out,
      Escape("tally is the command line of a Tallyman server. On the machine "
             "of the server it finds address and token by itself, if the "
             "server runs as the same user; elsewhere `tally login` stores "
             "them. A server is looked for in this order: --context, --url "
             "or --data-dir; TALLY_CONTEXT or TALLY_URL; the current context "
             "of the configuration file; a server of this machine."),
      "\n.SH OPTIONS\nAll commands have these:\n");
  for (const OptionSpec& option : GlobalOptions()) {
    absl::StrAppend(&out, OptionItem(option));
  }
  absl::StrAppend(&out, ".SH COMMANDS\n");
  for (const CommandSpec& command : table) {
    if (!command.hidden) absl::StrAppend(&out, CommandSection(command));
  }
  absl::StrAppend(&out, ".SH EXIT STATUS\n");
  for (const ExitCode code :
       {ExitCode::kDone, ExitCode::kFailed, ExitCode::kUsage, ExitCode::kDenied,
        ExitCode::kNotFound, ExitCode::kConflict, ExitCode::kUnavailable,
        ExitCode::kTimeout, ExitCode::kInterrupted}) {
    absl::StrAppend(&out, Item(Bold(absl::StrCat(static_cast<int>(code))),
                               Sentence(Describe(code))));
  }
  absl::StrAppend(&out, ".SH ENVIRONMENT\n");
  for (const Variable& variable : kVariables) {
    absl::StrAppend(&out, Item(Bold(variable.name), Sentence(variable.text)));
  }
  absl::StrAppend(
      &out, ".SH FILES\n",
      Item(Italic("~/.config/tally/config.json"),
           "The configuration file, below XDG_CONFIG_HOME if that is set: "
           "contexts with addresses and tokens. tally refuses it if other "
           "users may read it.\n"),
      Item(Italic("~/.config/tally/tokens.json"),
           "Tokens that OAuth clients have fetched, until they end.\n"),
      ".SH SEE ALSO\n.BR tallyman (8)\n");
  return out;
}

}  // namespace tallyman::tally
