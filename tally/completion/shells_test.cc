// End to end: bash, zsh and fish complete with the real scripts, the real tally
// and a real server. A shell that is not installed is skipped, and named.

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "tally/testing/tally_fixture.h"
#include "tools/harness/child_process.h"

namespace tallyman::tally {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

class ShellsTest : public testing::Test {
 protected:
  ShellsTest() {
    char directory[4096];
    here_ = getcwd(directory, sizeof(directory)) == nullptr ? "" : directory;
    server_.MakeStack("shop",
                      "web: exec sleep 1000\nworker: exec sleep 1000\n");
    server_.MakeStack("my stack: x", "web: exec sleep 1000\n");
  }

  // Runs a shell with `script` as a file; all that it prints.
  std::string RunShell(const std::string& shell,
                       const std::vector<std::string>& flags,
                       std::string_view script) {
    const std::string path = absl::StrCat(server_.home(), "/script");
    std::ofstream(path) << script;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return "no pipe";
    const base::UniqueFd reader(ends[0]);
    base::UniqueFd writer(ends[1]);
    std::vector<std::string> environment = server_.Environment();
    environment.push_back(absl::StrCat("TALLY=", here_, "/tally/tally"));
    environment.push_back("TALLY_COMPLETION_TIMEOUT=60000");
    environment.push_back("LC_ALL=C.UTF-8");
    environment.push_back("TERM=xterm");
    std::vector<std::string> arguments = {shell};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    arguments.push_back(path);
    auto child =
        harness::ChildProcess::Start({.program = shell,
                                      .arguments = std::move(arguments),
                                      .environment = std::move(environment),
                                      .output = writer.get(),
                                      .error = writer.get()});
    if (!child.ok()) return std::string(child.status().message());
    writer = base::UniqueFd();
    std::string out;
    char buffer[4096];
    ssize_t size = 0;
    while ((size = read(reader.get(), buffer, sizeof(buffer))) > 0) {
      out.append(buffer, static_cast<size_t>(size));
    }
    (*child)->Wait();
    return out;
  }

  // What bash offers at the end of `line`.
  std::vector<std::string> Bash(std::string_view line) {
    // As programmable completion calls it; the words matter only for files.
    const std::string out = RunShell(
        "/bin/bash", {"--norc"},
        absl::StrCat("source <(\"${TALLY}\" completion bash)\n"
                     "complete -p tally >/dev/null || echo unregistered\n"
                     "COMP_LINE=",
                     Quoted(line), "\n",
                     "COMP_POINT=${#COMP_LINE}\nCOMP_TYPE=9\n"
                     "COMP_WORDBREAKS=$' \\t\\n\"\\'@><=;|&(:'\n"
                     "_tally \"${TALLY}\" \"${COMP_LINE##* }\" ''\n"
                     "printf '%s\\n' \"${COMPREPLY[@]}\"\n"));
    return absl::StrSplit(out, '\n', absl::SkipEmpty());
  }

  // The same of fish; each with a tab and its description.
  std::vector<std::string> Fish(std::string_view line) {
    const std::string out =
        RunShell("/usr/bin/fish", {"--no-config"},
                 absl::StrCat("set PATH (dirname $TALLY) $PATH\n"
                              "$TALLY completion fish | source\n"
                              "complete -C ",
                              Quoted(line), "\n"));
    return absl::StrSplit(out, '\n', absl::SkipEmpty());
  }

  // What an interactive zsh has on its line after `line` and a tab.
  std::string Zsh(std::string_view line) {
    const std::string out = RunShell(
        "/usr/bin/zsh", {"-f"},
        absl::StrCat(
            "zmodload zsh/zpty\n"
            "zpty shell zsh -f -i\n"
            "feed() { zpty -w shell \"$1\" }\n"
            // Reads until the pattern comes; the shell says when it is ready.
            "await() { local text=; zpty -r -m shell text \"*$1*\"; "
            "print -r -- \"$text\" }\n"
            "feed 'PS1=; PATH=${TALLY:h}:$PATH; unsetopt zle_bracketed_paste; "
            "autoload -U compinit; compinit -D -u; "
            "source <($TALLY completion zsh)'\n"
            // Shows the line as it is now.
            "feed 'show() { print -r -- \"<$BUFFER>\"; }; zle -N show; "
            "bindkey \"^X\" show; zstyle \":completion:*\" menu no; "
            "echo rea\"\"dy'\n"
            "await ready >/dev/null\n"
            "zpty -w -n shell ",
            Quoted(line), "$'\\t\\x18'\n",
            "await '<tally*>'\n"
            "zpty -d shell\n"));
    const size_t begin = out.rfind("<tally");
    if (begin == std::string::npos) return out;
    return out.substr(begin + 1, out.find('>', begin) - begin - 1);
  }

  static std::string Quoted(std::string_view text) {
    return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
  }
  static bool Has(const char* shell) { return access(shell, X_OK) == 0; }

  std::string here_;
  TallyServer server_;
};

TEST_F(ShellsTest, BashCompletes) {
  EXPECT_THAT(Bash("tally stacks "), Contains("list"));
  EXPECT_THAT(Bash("tally log"),
              UnorderedElementsAre("logs", "login", "logout"));
  EXPECT_THAT(Bash("tally --quiet help stacks li"), ElementsAre("list"));
  EXPECT_THAT(Bash("tally stacks --js"), ElementsAre("--json"));
  EXPECT_THAT(Bash("tally completion "),
              UnorderedElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(Bash("tally completion -- z"), ElementsAre("zsh"));
  EXPECT_THAT(Bash("tally nothing "), IsEmpty());
}

TEST_F(ShellsTest, BashCompletesFilesAndContexts) {
  std::ofstream(absl::StrCat(server_.home(), "/ca file.pem")) << "x";
  EXPECT_THAT(Bash(absl::StrCat("tally --ca=", server_.home(), "/ca")),
              ElementsAre(absl::StrCat(server_.home(), "/ca file.pem")));
  ASSERT_EQ(
      RunTally(
          {"login", "my prod:1", "--url", server_.url(), "--token-file", "-"},
          {.environment = server_.BareEnvironment(), .input = server_.token()})
          .code,
      0);
  EXPECT_THAT(Bash("tally contexts use my"), ElementsAre("my\\ prod:1"));
  EXPECT_THAT(Bash("tally --context="), ElementsAre("my\\ prod:1"));
  EXPECT_THAT(Bash("tally --context 'my pr"), ElementsAre("my prod:1"));
  EXPECT_THAT(Bash("tally --context=my\\ prod:"), ElementsAre("1"));
}

TEST_F(ShellsTest, FishCompletes) {
  if (!Has("/usr/bin/fish")) GTEST_SKIP() << "fish is not installed";
  EXPECT_THAT(
      Fish("tally log"),
      UnorderedElementsAre(StartsWith("logs\tShow"), StartsWith("login\tStore"),
                           StartsWith("logout\tRemove")));
  EXPECT_THAT(Fish("tally completion -- "),
              UnorderedElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(Fish("tally --jso"), ElementsAre(StartsWith("--json\t")));
}

TEST_F(ShellsTest, ZshCompletes) {
  if (!Has("/usr/bin/zsh")) GTEST_SKIP() << "zsh is not installed";
  EXPECT_EQ(Zsh("tally logi"), "tally login ");
  EXPECT_EQ(Zsh("tally completion fi"), "tally completion fish ");
  EXPECT_EQ(Zsh("tally stacks --jso"), "tally stacks --json ");
}

}  // namespace
}  // namespace tallyman::tally
