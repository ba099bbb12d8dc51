// A child process that reads and writes lines.

#ifndef TALLYMAN_TOOLS_BENCH_LINE_CHILD_H_
#define TALLYMAN_TOOLS_BENCH_LINE_CHILD_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "tools/harness/child_process.h"

namespace tallyman::bench {

// Runs in a process group of its own, which keeps a ^C at the terminal away
// from it, and gets SIGTERM when the thread that started it ends. Not
// thread-safe.
class LineChild {
 public:
  // `arguments` begin with the path of the program. Standard input and output
  // are connected to this object. Standard error is appended to the file
  // `error_path`, or discarded if that is "".
  static absl::StatusOr<std::unique_ptr<LineChild>> Start(
      std::vector<std::string> arguments, const std::string& error_path = "");

  // Closes the child's input and sends SIGTERM; after five seconds, SIGKILL to
  // its process group. Waits for the child.
  ~LineChild();
  LineChild(const LineChild&) = delete;
  LineChild& operator=(const LineChild&) = delete;

  // Adds the line end.
  absl::Status SendLine(std::string_view line);

  // The next line, without its end. Unavailable if the child has closed its
  // output, DeadlineExceeded after `timeout`, Cancelled after an interruption
  // (see interruption.h).
  absl::StatusOr<std::string> ReadLine(absl::Duration timeout);

 private:
  LineChild() = default;

  std::unique_ptr<harness::ChildProcess> child_;
  base::UniqueFd input_;
  base::UniqueFd output_;
  std::string received_;
};

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_LINE_CHILD_H_
