// Starts the server's binary on a free port, reads its greeting and its log,
// and ends it. The one starter of servers of tests, benchmarks and the chaos
// driver.
//
//   harness::ServerProcess server({"--data_dir=/tmp/x"});
//   ASSERT_TRUE(server.WaitUntilListening()) << server.standard_error();
//   HttpClient(server.port()).Get("/stacks", server.shown_token());

#ifndef TALLYMAN_TOOLS_HARNESS_SERVER_PROCESS_H_
#define TALLYMAN_TOOLS_HARNESS_SERVER_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "tools/harness/child_process.h"

namespace tallyman::harness {

struct ServerOptions {
  // A path. The default is where a test finds the binary among its runfiles.
  std::string program = "server/server";
  // After --port=0 and --nolocal_access: of two, the last one counts.
  std::vector<std::string> flags;
  // "NAME=value": added to the environment of this process, or in place of a
  // variable of the same name.
  std::vector<std::string> environment = {};
  // The log is also appended to this file, which outlives this object; "":
  // only kept in memory.
  std::string log_path = {};
  // Keeps a ^C at the terminal away from the server.
  bool own_process_group = false;
};

// Thread-safe, except for the destructor. The kernel kills the server when the
// thread that started it ends.
class ServerProcess {
 public:
  static absl::StatusOr<std::unique_ptr<ServerProcess>> Start(
      ServerOptions options);

  // The same for tests: dies (CHECK) if the program can't be started.
  explicit ServerProcess(std::vector<std::string> flags,
                         std::vector<std::string> environment = {});

  // Kills the server if it still runs.
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Waits until the server listens and its greeting has been read. Aborted if
  // it was killed by SIGKILL before that, Internal, with its last words, if it
  // has ended in another way, DeadlineExceeded after `timeout`.
  absl::Status AwaitListening(
      absl::Duration timeout = absl::InfiniteDuration());
  // The same for tests, without a deadline.
  bool WaitUntilListening() { return AwaitListening().ok(); }

  pid_t pid() const { return child_->pid(); }
  // 0 before AwaitListening().
  int port() const;
  // The token that the greeting shows; "" if it shows none.
  std::string shown_token() const;
  // The code of the address that the greeting shows; "" if it shows none.
  std::string shown_code() const;

  // No effect if the server has ended.
  void Signal(int signal) { child_->Signal(signal); }
  bool IsAlive() { return !child_->End(); }
  // Kills the server and waits for its end. False if it had ended before.
  bool Kill();
  // Sends SIGTERM and waits. An error unless the server then exits with 0;
  // DeadlineExceeded, and it still runs, after `timeout`.
  absl::Status Stop(absl::Duration timeout);
  // Waits for the end; the exit code, or 128 and the number of the signal.
  int Wait();
  // "exited with code 3", or "still runs".
  std::string DescribeEnd();

  // All that the server has printed so far. Complete after Wait().
  std::string standard_output() const ABSL_LOCKS_EXCLUDED(mutex_);
  std::string standard_error() const ABSL_LOCKS_EXCLUDED(mutex_);
  // The last line of its log, or a text that says that there is none.
  std::string LastLogLine() const;

  // Waits until the log contains `text`; false if the log ends without.
  bool WaitForLog(std::string_view text) const ABSL_LOCKS_EXCLUDED(mutex_);
  // True if the log contains the event by now.
  bool HasLogged(std::string_view event) const;

 private:
  // Standard output or standard error.
  struct Output {
    std::string text;
    bool ended = false;
  };

  struct FromOptions {};  // Sets this constructor apart from that of tests.
  ServerProcess(FromOptions, ServerOptions options)
      : options_(std::move(options)) {}
  absl::Status Spawn();
  void ReadAll(const base::UniqueFd& pipe, const base::UniqueFd& copy,
               Output& output) ABSL_LOCKS_EXCLUDED(mutex_);

  const ServerOptions options_;
  std::unique_ptr<ChildProcess> child_;
  mutable absl::Mutex mutex_;
  Output out_ ABSL_GUARDED_BY(mutex_);
  Output error_ ABSL_GUARDED_BY(mutex_);
  std::thread out_reader_;
  std::thread error_reader_;
};

}  // namespace tallyman::harness

#endif  // TALLYMAN_TOOLS_HARNESS_SERVER_PROCESS_H_
