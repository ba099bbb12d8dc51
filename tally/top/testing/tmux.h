// A terminal for tests: a window of tmux(1) whose screen is read as text.
//
//   if (!Tmux::IsInstalled()) GTEST_SKIP() << "tmux is not installed";
//   Tmux tmux({.environment = {"PATH=/usr/bin:/bin"}});
//   tmux.Type("echo hello\n");
//   EXPECT_TRUE(tmux.WaitFor("hello"));

#ifndef TALLYMAN_TALLY_TOP_TESTING_TMUX_H_
#define TALLYMAN_TALLY_TOP_TESTING_TMUX_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace tallyman::tally {

// Not thread-safe. Dies (CHECK) on what a test does not expect.
class Tmux {
 public:
  struct Options {
    // Of the shell in the window, "NAME=value".
    std::vector<std::string> environment;
    int columns = 80;
    int rows = 24;
  };

  static bool IsInstalled();

  // Starts a server of tmux of its own, with sh(1) in its one window.
  explicit Tmux(const Options& options);
  // Ends all programs in the window.
  ~Tmux();
  Tmux(const Tmux&) = delete;
  Tmux& operator=(const Tmux&) = delete;

  // Types text, or a key by its name in tmux ("C-c", "PageDown").
  void Type(std::string_view text);
  void PressKey(std::string_view name);
  void Resize(int columns, int rows);

  // The lines of the screen, without blanks at their ends.
  std::vector<std::string> Lines() const;
  std::string Screen() const;

  // Reads the screen until it fits; false after `timeout`.
  bool WaitUntil(const std::function<bool(const std::string& screen)>& fits,
                 absl::Duration timeout = absl::Minutes(2)) const;
  // The same, until it has, or has not, this text.
  bool WaitFor(std::string_view text) const;
  bool WaitForEndOf(std::string_view text) const;

  // The pid of the program that the shell runs; 0 if it runs none.
  pid_t ChildPid() const;

 private:
  std::string Run(std::vector<std::string> arguments) const;

  std::string folder_;  // Of the socket: its path must be short (unix(7)).
  std::vector<std::string> environment_;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_TESTING_TMUX_H_
