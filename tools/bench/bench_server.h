// A server to be measured, with one stack. Leaves nothing behind.

#ifndef TALLYMAN_TOOLS_BENCH_BENCH_SERVER_H_
#define TALLYMAN_TOOLS_BENCH_BENCH_SERVER_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"
#include "server/tls/testing/test_certificates.h"
#include "tools/bench/http_load.h"
#include "tools/bench/scratch_directory.h"
#include "tools/harness/api_client.h"
#include "tools/harness/server_process.h"

namespace tallyman::bench {

struct BenchServerOptions {
  std::string program;
  // The data directory is made below; "": $TMPDIR, or /tmp.
  std::string parent;
  // The command of the stack's process "sleeper".
  std::string command;
  // Further processes of the stack.
  std::vector<harness::ProcessSpec> others = {};
  // Flags of the server, besides those that all of them have.
  std::vector<std::string> flags = {};
  // With a certificate the server listens on a second port, with TLS.
  std::optional<server::TestCertificate> certificate = std::nullopt;
};

// A certificate for BenchServerOptions.
server::TestCertificate NewCertificate();

// Not thread-safe, except for the accessors, Client() and Target(). The kernel
// kills the server when the thread that started it ends; instances and keeper
// then stay until the instances end.
class BenchServer {
 public:
  // Starts a server and makes its stack.
  static absl::StatusOr<std::unique_ptr<BenchServer>> Start(
      BenchServerOptions options);

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
  // The same on the port with TLS.
  HttpTarget TlsTarget(std::string_view path) const;

  // Sets the desired count of a process; the id of the action.
  absl::StatusOr<int64_t> Scale(harness::ApiClient& client, int64_t count,
                                std::string_view process = "sleeper") const;

  // Replaces the files of the certificate, which the server reads at SIGHUP.
  absl::Status WriteCertificate(
      const server::TestCertificate& certificate) const;
  void Signal(int signal) { server_->Signal(signal); }

  pid_t pid() const { return server_->pid(); }
  const std::string& stack_uid() const { return stack_uid_; }

  // The pid of the keeper, which the server starts with the first instance.
  // NotFound before that.
  absl::StatusOr<pid_t> FindKeeper();

 private:
  BenchServer(ScratchDirectory directory, BenchServerOptions options);

  // Starts the program; returns once it listens.
  absl::Status StartServer();
  absl::Status MakeStack();
  absl::Status ScaleToZero();
  absl::Status AwaitKeeper() const;
  absl::Status KillAll();

  std::optional<ScratchDirectory> directory_;  // nullopt once stopped.
  const std::string data_dir_;
  const BenchServerOptions options_;
  int tls_port_ = 0;  // 0 without a certificate.
  std::unique_ptr<harness::ServerProcess> server_;
  std::string token_;
  std::string stack_uid_;
  std::string server_uid_;
  pid_t keeper_pid_ = -1;
  base::UniqueFd keeper_;  // A pidfd.
};

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_BENCH_SERVER_H_
