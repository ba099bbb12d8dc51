#include "tally/top/testing/tmux.h"

#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "tools/harness/child_process.h"

namespace tallyman::tally {
namespace {

constexpr char kProgram[] = "/usr/bin/tmux";

std::string ReadAll(int fd) {
  std::string text;
  std::array<char, 4096> buffer;
  CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
  for (ssize_t size = 0; (size = read(fd, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<size_t>(size));
  }
  return text;
}

}  // namespace

bool Tmux::IsInstalled() { return access(kProgram, X_OK) == 0; }

Tmux::Tmux(const Options& options)
    : folder_("/tmp/tally-topXXXXXX"), environment_(options.environment) {
  CHECK(mkdtemp(folder_.data()) != nullptr) << folder_;
  environment_.push_back(absl::StrCat("TMUX_TMPDIR=", folder_));
  environment_.emplace_back("TERM=xterm-256color");
  environment_.emplace_back("LC_ALL=C.UTF-8");
  Run({"-f", "/dev/null", "new-session", "-d", "-x",
       absl::StrCat(options.columns), "-y", absl::StrCat(options.rows),
       "/bin/sh"});
  // The prompt of root is another one.
  Type("PS1='$ '; clear\n");
  CHECK(WaitUntil([](const std::string& screen) {
    return absl::StartsWith(screen, "$");
  })) << Screen();
}

Tmux::~Tmux() {
  Run({"kill-server"});
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string Tmux::Run(std::vector<std::string> arguments) const {
  const base::UniqueFd output(memfd_create("tmux", MFD_CLOEXEC));
  CHECK(output.valid());
  arguments.insert(arguments.begin(), {"tmux", "-u", "-L", "top"});
  const std::string command = absl::StrJoin(arguments, " ");
  absl::StatusOr<std::unique_ptr<harness::ChildProcess>> child =
      harness::ChildProcess::Start({.program = kProgram,
                                    .arguments = std::move(arguments),
                                    .environment = environment_,
                                    .output = output.get(),
                                    .error = output.get()});
  CHECK_OK(child);
  const int status = *(*child)->Wait();
  std::string text = ReadAll(output.get());
  CHECK_EQ(status, 0) << command << ": " << text;
  return text;
}

void Tmux::Type(std::string_view text) {
  // "Enter" by its name: a line feed is another key.
  const std::vector<std::string_view> lines = absl::StrSplit(text, '\n');
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) PressKey("Enter");
    if (!lines[i].empty()) {
      Run({"send-keys", "-l", "--", std::string(lines[i])});
    }
  }
}

void Tmux::PressKey(std::string_view name) {
  Run({"send-keys", std::string(name)});
}

void Tmux::Resize(int columns, int rows) {
  Run({"resize-window", "-x", absl::StrCat(columns), "-y", absl::StrCat(rows)});
}

std::string Tmux::Screen() const { return Run({"capture-pane", "-p"}); }

std::vector<std::string> Tmux::Lines() const {
  std::vector<std::string> lines = absl::StrSplit(Screen(), '\n');
  for (std::string& line : lines) absl::StripTrailingAsciiWhitespace(&line);
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

bool Tmux::WaitUntil(const std::function<bool(const std::string&)>& fits,
                     absl::Duration timeout) const {
  const absl::Time end = absl::Now() + timeout;
  while (!fits(Screen())) {
    if (absl::Now() > end) return false;
  }
  return true;
}

bool Tmux::WaitFor(std::string_view text) const {
  return WaitUntil([&](const std::string& screen) {
    return absl::StrContains(screen, text);
  });
}

bool Tmux::WaitForEndOf(std::string_view text) const {
  return WaitUntil([&](const std::string& screen) {
    return !absl::StrContains(screen, text);
  });
}

pid_t Tmux::ChildPid() const {
  const std::string shell(absl::StripAsciiWhitespace(
      Run({"display-message", "-p", "#{pane_pid}"})));
  std::ifstream children(
      absl::StrCat("/proc/", shell, "/task/", shell, "/children"));
  pid_t pid = 0;
  children >> pid;
  return children ? pid : 0;
}

}  // namespace tallyman::tally
