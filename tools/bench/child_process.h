// A child that ends with us, and that can be spoken to line by line.

#ifndef TALLYMAN_TOOLS_BENCH_CHILD_PROCESS_H_
#define TALLYMAN_TOOLS_BENCH_CHILD_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"

namespace tallyman::bench {

// In a process group of its own, so that a ^C at the terminal is for us alone.
// Gets SIGTERM when the thread that started it ends, however that happens, and
// is ended by the destructor. Not thread-safe.
class ChildProcess {
 public:
  // `arguments` begin with the path of the program. Standard input and output
  // lead to us; standard error goes to the file `error_path`, or nowhere
  // if that is "".
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(
      std::vector<std::string> arguments, const std::string& error_path = "");

  // Closes its input and sends SIGTERM; SIGKILL if it has not ended after five
  // seconds. Waits for it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }

  // Writes `line` and a line end.
  absl::Status SendLine(std::string_view line);

  // The next line, without its end. Unavailable if the child has closed its
  // output, DeadlineExceeded after `timeout`, Cancelled after an interruption
  // (see interruption.h).
  absl::StatusOr<std::string> ReadLine(absl::Duration timeout);

 private:
  ChildProcess() = default;

  pid_t pid_ = -1;
  base::UniqueFd process_;  // A pidfd.
  base::UniqueFd input_;
  base::UniqueFd output_;
  std::string received_;
};

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_CHILD_PROCESS_H_
