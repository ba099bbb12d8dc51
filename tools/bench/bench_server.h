// A server of its own for measuring, with one stack in it, and nothing of it
// left afterwards.

#ifndef TALLYMAN_TOOLS_BENCH_BENCH_SERVER_H_
#define TALLYMAN_TOOLS_BENCH_BENCH_SERVER_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"
#include "tools/bench/api_client.h"
#include "tools/bench/http_load.h"

namespace tallyman::bench {

// Not thread-safe, but for the accessors and Connect().
class BenchServer {
 public:
  // Starts `program` with a data directory below `parent` ("" is where
  // temporary files belong) and makes the stack, whose process runs `command`.
  static absl::StatusOr<std::unique_ptr<BenchServer>> Start(
      const std::string& program, const std::string& parent,
      std::string_view command);

  // Stop(), if that was not done; tells on standard error what went wrong.
  ~BenchServer();
  BenchServer(const BenchServer&) = delete;
  BenchServer& operator=(const BenchServer&) = delete;

  // Scales to 0, ends the server, waits until the keeper has ended, and removes
  // the directory. If any of that fails, everything that it started is killed,
  // and the error is that of what failed first.
  absl::Status Stop();

  // A connection with a token that has no limit worth mentioning.
  absl::StatusOr<ApiClient> Connect() const;

  // The same for clients that only measure; `path` is sent as it is.
  HttpTarget Target(std::string_view path) const;

  pid_t pid() const { return pid_; }
  const std::string& stack_uid() const { return stack_uid_; }
  const std::string& server_uid() const { return server_uid_; }

  // The pid of the keeper, which the server starts at the first need.
  absl::StatusOr<pid_t> FindKeeper();

 private:
  BenchServer() = default;

  absl::Status MakeDirectory(std::string parent);
  absl::Status Spawn(const std::string& program);
  absl::Status ReadGreeting();
  absl::Status MakeStack(std::string_view command);
  absl::Status ScaleToZero();
  absl::Status EndServer();
  absl::Status AwaitKeeper();
  absl::Status KillAll();
  std::string LastLogLine() const;

  std::string directory_;  // "" once it is removed.
  pid_t pid_ = -1;         // -1 once it was waited for.
  base::UniqueFd process_;
  base::UniqueFd output_;
  int port_ = 0;
  std::string token_;
  std::string stack_uid_;
  std::string server_uid_;
  pid_t keeper_pid_ = -1;
  base::UniqueFd keeper_;
};

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_BENCH_SERVER_H_
