// The server's binary and its keeper, started and killed again and again on one
// data directory.

#ifndef TALLYMAN_TOOLS_CHAOS_SERVER_UNDER_TEST_H_
#define TALLYMAN_TOOLS_CHAOS_SERVER_UNDER_TEST_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "tools/chaos/kernel_view.h"
#include "tools/harness/server_process.h"

namespace tallyman::chaos {

// Kill() and KillKeeper() may be called by another thread than the one that
// calls the rest, except during Start().
class ServerUnderTest {
 public:
  struct Options {
    std::string program;    // Absolute.
    std::string directory;  // Holds the data directory and the log.
    std::vector<std::string> flags;
  };

  explicit ServerUnderTest(Options options);
  // Kills the server, not its keeper.
  ~ServerUnderTest() = default;
  ServerUnderTest(const ServerUnderTest&) = delete;
  ServerUnderTest& operator=(const ServerUnderTest&) = delete;

  // Starts the server, which must have ended, and waits until it listens.
  // `fault` is its TALLYMAN_FAULT; "": none. Aborted if it was killed before it
  // listened, as a fault does; any other error is a problem of the server.
  absl::Status Start(std::string_view fault);

  // The following are about the server that was started last.
  bool IsAlive() { return process_ != nullptr && process_->IsAlive(); }
  std::string DescribeEnd() { return process_->DescribeEnd(); }
  // Kills it and waits for its end. False if it had ended before.
  bool Kill() { return process_ != nullptr && process_->Kill(); }
  // Sends SIGTERM; an error unless it then exits with 0.
  absl::Status Stop();
  int port() const { return process_->port(); }
  // "" if its greeting shows none.
  std::string shown_token() const { return process_->shown_token(); }
  bool HasLogged(std::string_view event) const {
    return process_->HasLogged(event);
  }

  // The living keeper of the data directory.
  std::optional<KernelProcess> FindKeeper() const;
  // False if there is none.
  bool KillKeeper() const;

  // Removes the cgroups that the servers have made and that are empty; how many
  // of launches there were. To be called after the server has ended.
  int64_t RemoveCgroups() const;

  const std::string& data_dir() const { return data_dir_; }

 private:
  const Options options_;
  const std::string data_dir_;
  const std::string log_path_;  // All servers append to it.
  std::unique_ptr<harness::ServerProcess> process_;
};

}  // namespace tallyman::chaos

#endif  // TALLYMAN_TOOLS_CHAOS_SERVER_UNDER_TEST_H_
