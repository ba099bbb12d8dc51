// Runs the real tally against a real server, for tests.
//
//   TallyServer server;
//   server.MakeStack("shop", "web: exec sleep 1000\n");
//   const TallyResult result = server.Run({"scale", "web=2"});
//   EXPECT_EQ(result.code, 0) << result.error;
//
// A test names //tally and //server as data.

#ifndef TALLYMAN_TALLY_TESTING_TALLY_FIXTURE_H_
#define TALLYMAN_TALLY_TESTING_TALLY_FIXTURE_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "nlohmann/json.hpp"
#include "platform/base/unique_fd.h"
#include "platform/testing/temp_directory.h"
#include "tools/harness/child_process.h"
#include "tools/harness/server_process.h"

namespace tallyman::tally {

struct TallyOptions {
  // The whole environment: "NAME=value".
  std::vector<std::string> environment;
  // What standard input has; nullopt: /dev/null.
  std::optional<std::string> input = std::nullopt;
  // Of the pseudo-terminal (pty(7)) that is standard input, output and error;
  // 0: output and error are pipes.
  int columns = 0;
  int rows = 24;
};

// A tally that runs. Thread-safe. Killed by the destructor.
class TallyProcess {
 public:
  TallyProcess(std::vector<std::string> arguments, const TallyOptions& options);
  ~TallyProcess();
  TallyProcess(const TallyProcess&) = delete;
  TallyProcess& operator=(const TallyProcess&) = delete;

  // All that it has printed so far; complete after Wait(). On a terminal both
  // are in output().
  std::string output() const ABSL_LOCKS_EXCLUDED(mutex_);
  std::string error() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Waits until the output, or the error output, contains `text`; false if it
  // ends without.
  bool WaitForOutput(std::string_view text) const ABSL_LOCKS_EXCLUDED(mutex_);
  bool WaitForError(std::string_view text) const ABSL_LOCKS_EXCLUDED(mutex_);

  // Types on the terminal.
  void Type(std::string_view keys);
  // Closes the reader's end of its standard output, as `head` does.
  void CloseOutput();
  void Signal(int signal) { child_->Signal(signal); }
  pid_t pid() const { return child_->pid(); }
  // Its exit code, or 128 and the number of the signal.
  int Wait();

 private:
  struct Stream {
    std::string text;
    bool ended = false;
  };

  void Read(int fd, Stream& stream) ABSL_LOCKS_EXCLUDED(mutex_);
  bool WaitFor(const Stream& stream, std::string_view text) const
      ABSL_LOCKS_EXCLUDED(mutex_);

  mutable absl::Mutex mutex_;
  Stream out_ ABSL_GUARDED_BY(mutex_);
  Stream error_ ABSL_GUARDED_BY(mutex_);
  // The reader's ends of pipes, or the terminal.
  base::UniqueFd out_fd_;
  base::UniqueFd error_fd_;
  base::UniqueFd
      closes_output_;  // Its end of the pipe closes on CloseOutput().
  std::unique_ptr<harness::ChildProcess> child_;
  std::vector<std::thread> readers_;
};

struct TallyResult {
  int code = 0;
  std::string output;
  std::string error;
};

// Runs it to its end.
TallyResult RunTally(std::vector<std::string> arguments,
                     const TallyOptions& options);

// A server with a data directory of its own, and a home for tally. Dies (CHECK)
// on what a test does not expect. The destructor ends all instances.
class TallyServer {
 public:
  explicit TallyServer(std::vector<std::string> flags = {});
  ~TallyServer();
  TallyServer(const TallyServer&) = delete;
  TallyServer& operator=(const TallyServer&) = delete;

  harness::ServerProcess& process() { return *server_; }
  int port() const { return port_; }
  std::string url() const;
  // An admin token without a limit that a test meets.
  const std::string& token() const { return token_; }
  // The data directory of the server, and the home of tally.
  const std::string& data_dir() const { return data_.path(); }
  const std::string& home() const { return home_.path(); }

  // Ends the server, by SIGKILL, and starts it again at the same port.
  void Kill();
  void Start();

  // The environment of a tally that finds this server: HOME, PATH, TALLY_URL
  // and TALLY_TOKEN.
  std::vector<std::string> Environment() const;
  // The same without TALLY_URL and TALLY_TOKEN.
  std::vector<std::string> BareEnvironment() const;
  TallyResult Run(std::vector<std::string> arguments) const;
  // The same on a terminal of so many columns.
  TallyResult RunOnTerminal(std::vector<std::string> arguments,
                            int columns) const;
  std::unique_ptr<TallyProcess> Start(std::vector<std::string> arguments) const;

  // The uid of a new stack.
  std::string MakeStack(std::string_view name, std::string_view procfile);
  // The body of the answer to a request with JSON, which must succeed.
  nlohmann::json Ask(std::string_view method, std::string_view target,
                     const nlohmann::json& body = nullptr) const;

 private:
  platform::TempDirectory data_;
  platform::TempDirectory home_;
  std::vector<std::string> flags_;
  std::optional<harness::ServerProcess> server_;
  int port_ = 0;
  std::string token_;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TESTING_TALLY_FIXTURE_H_
