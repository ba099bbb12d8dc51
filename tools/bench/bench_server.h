// A server to be measured, with one stack. Leaves nothing behind.

#ifndef TALLYMAN_TOOLS_BENCH_BENCH_SERVER_H_
#define TALLYMAN_TOOLS_BENCH_BENCH_SERVER_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"
#include "tools/bench/http_load.h"
#include "tools/bench/scratch_directory.h"
#include "tools/harness/api_client.h"
#include "tools/harness/server_process.h"

namespace tallyman::bench {

// Not thread-safe, except for the accessors, Client() and Target(). The kernel
// kills the server when the thread that started it ends; instances and keeper
// then stay until the instances end.
class BenchServer {
 public:
  // Starts `program` with a data directory below `parent` ("": $TMPDIR, or
  // /tmp), and makes a stack of one process that runs `command`.
  static absl::StatusOr<std::unique_ptr<BenchServer>> Start(
      const std::string& program, const std::string& parent,
      std::string_view command);

  // Calls Stop() if that was not done; prints its error to standard error.
  ~BenchServer();
  BenchServer(const BenchServer&) = delete;
  BenchServer& operator=(const BenchServer&) = delete;

  // Scales to 0, stops the server, waits for the end of the keeper, and removes
  // the data directory. If one step fails, kills all processes that it has
  // started, and returns the first error.
  absl::Status Stop();

  // A client whose token's hourly limit is out of reach.
  harness::ApiClient Client() const;
  // The same for clients that only measure; `path` is sent as it is.
  HttpTarget Target(std::string_view path) const;

  // Sets the desired count; the id of the action.
  absl::StatusOr<int64_t> Scale(harness::ApiClient& client,
                                int64_t count) const;

  pid_t pid() const { return server_->pid(); }
  const std::string& stack_uid() const { return stack_uid_; }

  // The pid of the keeper, which the server starts with the first instance.
  // NotFound before that.
  absl::StatusOr<pid_t> FindKeeper();

 private:
  explicit BenchServer(ScratchDirectory directory);

  absl::Status MakeStack(std::string_view command);
  absl::Status ScaleToZero();
  absl::Status AwaitKeeper() const;
  absl::Status KillAll();

  std::optional<ScratchDirectory> directory_;  // nullopt once stopped.
  const std::string data_dir_;
  std::unique_ptr<harness::ServerProcess> server_;
  std::string token_;
  std::string stack_uid_;
  std::string server_uid_;
  pid_t keeper_pid_ = -1;
  base::UniqueFd keeper_;  // A pidfd.
};

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_BENCH_SERVER_H_
