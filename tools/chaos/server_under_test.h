// The server's binary and its keeper: started, killed, started anew.

#ifndef TALLYMAN_TOOLS_CHAOS_SERVER_UNDER_TEST_H_
#define TALLYMAN_TOOLS_CHAOS_SERVER_UNDER_TEST_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tools/chaos/children.h"
#include "tools/chaos/kernel_view.h"

namespace tallyman::chaos {

// Killing may be done by another thread than the one that calls the rest.
class ServerUnderTest {
 public:
  struct Options {
    std::string program;    // Absolute.
    std::string directory;  // For the data directory and what it prints.
    std::vector<std::string> flags;
  };

  // `children` must outlive it.
  ServerUnderTest(Options options, Children& children);
  // Kills it.
  ~ServerUnderTest();
  ServerUnderTest(const ServerUnderTest&) = delete;
  ServerUnderTest& operator=(const ServerUnderTest&) = delete;

  // Starts it, and waits until it listens. `fault` is its TALLYMAN_FAULT, "" is
  // none. Aborted if it was killed before it listened, as a fault does; other
  // errors are no server's way to start.
  absl::Status Start(std::string_view fault);

  bool IsAlive() const;
  // How it has ended: "killed by signal 9".
  std::string DescribeLastEnd() const;

  // Kills it and waits for that. False if it had ended.
  bool Kill();
  // Stops it with SIGTERM; an error if it does not end well.
  absl::Status Stop();

  // The living keeper of the data directory, by its lock file.
  std::optional<KernelProcess> FindKeeper() const;
  // False if there was none.
  bool KillKeeper() const;

  // Removes the cgroups that it has made and that nothing is in, once it has
  // ended; how many of launches there were.
  int64_t RemoveCgroups() const;

  int port() const { return port_; }
  // What the start showed; "" if nothing.
  std::string shown_token() const;
  // Whether the server that was started last has logged the event.
  bool HasLogged(std::string_view event) const;
  const std::string& data_dir() const { return data_dir_; }

 private:
  // What it logged since it was started.
  std::string Log() const;

  const Options options_;
  Children& children_;
  const std::string data_dir_;
  const std::string log_path_;
  const std::string output_path_;
  pid_t pid_ = -1;
  int port_ = 0;
  int64_t log_start_ = 0;  // In bytes.
};

}  // namespace tallyman::chaos

#endif  // TALLYMAN_TOOLS_CHAOS_SERVER_UNDER_TEST_H_
