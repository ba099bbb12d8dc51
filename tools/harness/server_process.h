// The server's binary, started by a test on a free port and ended with it.

#ifndef TALLYMAN_TOOLS_HARNESS_SERVER_PROCESS_H_
#define TALLYMAN_TOOLS_HARNESS_SERVER_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace tallyman::harness {

// Starts the binary with `--port=0` and the given flags. What it prints is
// read while it runs.
class ServerProcess {
 public:
  // `environment` adds to, or replaces, variables of the test's own.
  explicit ServerProcess(const std::vector<std::string>& flags,
                         const std::vector<std::string>& environment = {});

  // Ends it with SIGKILL if it still runs.
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Waits until it listens; false if it ended instead.
  bool WaitUntilListening();

  // After WaitUntilListening().
  int port() const { return port_; }
  // The token that it showed; "" if it showed none.
  std::string shown_token() const;

  void Signal(int signal) const;

  // Waits for its end; the exit code, or 128 and the number of the signal.
  int Wait();

  // What it printed so far. Complete after Wait().
  std::string standard_output() const ABSL_LOCKS_EXCLUDED(mutex_);
  std::string standard_error() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Waits until its log holds `text`; false if it ended without.
  bool WaitForLog(const std::string& text) const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // One of its outputs.
  struct Output {
    std::string text;
    bool ended = false;
  };
  void ReadAll(int fd, Output& output) ABSL_LOCKS_EXCLUDED(mutex_);
  bool WaitFor(const Output& output, const std::string& text) const
      ABSL_LOCKS_EXCLUDED(mutex_);

  pid_t pid_ = -1;
  int port_ = 0;
  mutable absl::Mutex mutex_;
  Output out_ ABSL_GUARDED_BY(mutex_);
  Output error_ ABSL_GUARDED_BY(mutex_);
  std::thread out_reader_;
  std::thread error_reader_;
};

}  // namespace tallyman::harness

#endif  // TALLYMAN_TOOLS_HARNESS_SERVER_PROCESS_H_
