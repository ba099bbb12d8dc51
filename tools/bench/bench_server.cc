#include "tools/bench/bench_server.h"

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "server/tls/testing/test_certificates.h"
#include "tools/bench/http_load.h"
#include "tools/bench/instance_watch.h"
#include "tools/bench/scratch_directory.h"
#include "tools/crowd/loopback.h"
#include "tools/harness/api_client.h"
#include "tools/harness/keeper.h"
#include "tools/harness/pidfd.h"
#include "tools/harness/server_process.h"

namespace tallyman::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kProcess = "sleeper";
constexpr std::string_view kCertFile = "/tls.crt";
constexpr std::string_view kKeyFile = "/tls.key";
constexpr absl::Duration kStartTimeout = absl::Seconds(30);
constexpr std::chrono::seconds kScaleTimeout(120);
constexpr absl::Duration kEndTimeout = absl::Seconds(30);

}  // namespace

server::TestCertificate NewCertificate() {
  return server::TestAuthority("tools/bench").Issue({});
}

BenchServer::BenchServer(ScratchDirectory directory, BenchServerOptions options)
    : directory_(std::move(directory)),
      data_dir_(directory_->path() + "/data"),
      options_(std::move(options)) {}

absl::StatusOr<std::unique_ptr<BenchServer>> BenchServer::Start(
    BenchServerOptions options) {
  absl::StatusOr<ScratchDirectory> directory =
      ScratchDirectory::Make(options.parent);
  if (!directory.ok()) return directory.status();
  auto result = absl::WrapUnique(
      new BenchServer(*std::move(directory), std::move(options)));
  absl::Status status = result->StartServer();
  if (status.ok()) status = result->MakeStack();
  if (status.ok()) return result;
  // The first error counts.
  result->Stop().IgnoreError();
  return status;
}

absl::Status BenchServer::StartServer() {
  std::vector<std::string> flags = {"--settle_time=0", "--action_deadline=10m",
                                    "--nolog_requests",
                                    absl::StrCat("--data_dir=", data_dir_)};
  if (options_.certificate) {
    const absl::StatusOr<int> port = crowd::FindFreePort();
    if (!port.ok()) return port.status();
    const absl::Status written = WriteCertificate(*options_.certificate);
    if (!written.ok()) return written;
    tls_port_ = *port;
    flags.push_back(absl::StrCat("--listen=http://127.0.0.1,https://127.0.0.1:",
                                 tls_port_));
    flags.push_back(absl::StrCat("--tls_cert=", directory_->path(), kCertFile));
    flags.push_back(absl::StrCat("--tls_key=", directory_->path(), kKeyFile));
  }
  flags.insert(flags.end(), options_.flags.begin(), options_.flags.end());
  absl::StatusOr<std::unique_ptr<harness::ServerProcess>> server =
      harness::ServerProcess::Start({.program = options_.program,
                                     .flags = std::move(flags),
                                     // Stop() needs the server after a ^C.
                                     .own_process_group = true});
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  return server_->AwaitListening(kStartTimeout);
}

absl::Status BenchServer::WriteCertificate(
    const server::TestCertificate& certificate) const {
  absl::Status status =
      directory_->Write(kCertFile.substr(1), certificate.cert);
  status.Update(directory_->Write(kKeyFile.substr(1), certificate.key));
  return status;
}

BenchServer::~BenchServer() {
  if (const absl::Status stopped = Stop(); !stopped.ok()) {
    std::cerr << "bench: stopping the server: " << stopped.message() << "\n";
  }
}

harness::ApiClient BenchServer::Client() const {
  return harness::ApiClient(server_->port(), token_);
}

HttpTarget BenchServer::Target(std::string_view path) const {
  return {.port = server_->port(), .token = token_, .path = std::string(path)};
}

HttpTarget BenchServer::TlsTarget(std::string_view path) const {
  return {.port = tls_port_, .token = token_, .path = std::string(path)};
}

absl::StatusOr<int64_t> BenchServer::Scale(harness::ApiClient& client,
                                           int64_t count,
                                           std::string_view process) const {
  return client.Scale(stack_uid_, server_uid_, process, count);
}

absl::Status BenchServer::MakeStack() {
  token_ = server_->shown_token();
  absl::StatusOr<std::string> token = Client().MakeToken();
  if (!token.ok()) return token.status();
  token_ = *std::move(token);

  harness::ApiClient client = Client();
  std::vector<harness::ProcessSpec> processes = {
      {.name = std::string(kProcess), .command = options_.command}};
  processes.insert(processes.end(), options_.others.begin(),
                   options_.others.end());
  absl::StatusOr<std::string> stack_uid = client.MakeStack("bench", processes);
  if (!stack_uid.ok()) return stack_uid.status();
  stack_uid_ = *std::move(stack_uid);
  absl::StatusOr<std::string> server_uid = client.ServerUid(stack_uid_);
  if (!server_uid.ok()) return server_uid.status();
  server_uid_ = *std::move(server_uid);
  return absl::OkStatus();
}

absl::StatusOr<pid_t> BenchServer::FindKeeper() {
  if (keeper_.valid()) return keeper_pid_;
  const absl::StatusOr<pid_t> pid = harness::FindKeeper(data_dir_);
  if (!pid.ok()) return pid;
  base::UniqueFd process = harness::OpenPidfd(*pid);
  // The pid may have come to another process before the call.
  const absl::StatusOr<pid_t> again = harness::FindKeeper(data_dir_);
  if (!again.ok()) return again;
  keeper_pid_ = *again;
  keeper_ = std::move(process);
  return keeper_pid_;
}

absl::Status BenchServer::Stop() {
  if (server_ == nullptr || !directory_) return absl::OkStatus();
  FindKeeper().IgnoreError();  // Without an instance there was none.
  absl::Status status;
  if (!server_uid_.empty()) status = ScaleToZero();
  status.Update(server_->Stop(kEndTimeout));
  server_->Kill();
  if (status.ok()) status = AwaitKeeper();
  if (!status.ok() || !FindProcesses(stack_uid_).empty()) {
    status.Update(absl::InternalError("the server left processes behind"));
    if (const absl::Status killed = KillAll(); !killed.ok()) {
      status = absl::Status(status.code(), absl::StrCat(status.message(), "; ",
                                                        killed.message()));
    }
  }
  directory_.reset();
  return status;
}

absl::Status BenchServer::ScaleToZero() {
  harness::ApiClient client = Client();
  std::vector<int64_t> actions;
  for (const harness::ProcessSpec& process : options_.others) {
    const absl::StatusOr<int64_t> action = Scale(client, 0, process.name);
    if (!action.ok()) return action.status();
    actions.push_back(*action);
  }
  const absl::StatusOr<int64_t> last = Scale(client, 0);
  if (!last.ok()) return last.status();
  actions.push_back(*last);
  const Clock::time_point deadline = Clock::now() + kScaleTimeout;
  while (Clock::now() < deadline) {
    const absl::StatusOr<bool> finished =
        client.HasSucceeded(stack_uid_, actions.back());
    if (!finished.ok()) return finished.status();
    if (*finished) actions.pop_back();
    if (actions.empty()) return absl::OkStatus();
    absl::SleepFor(absl::Milliseconds(20));
  }
  return absl::DeadlineExceededError("scaling to 0 takes too long");
}

absl::Status BenchServer::AwaitKeeper() const {
  if (!keeper_.valid() || harness::AwaitReadable(keeper_, kEndTimeout)) {
    return absl::OkStatus();
  }
  return absl::DeadlineExceededError(
      absl::StrCat("the keeper ", keeper_pid_, " does not end"));
}

absl::Status BenchServer::KillAll() {
  // The keeper first: it could start more instances.
  if (FindKeeper().ok()) {
    harness::SignalPidfd(keeper_, SIGKILL);
    harness::AwaitReadable(keeper_, kEndTimeout);
  }
  if (!stack_uid_.empty() && !KillProcesses(stack_uid_)) {
    return absl::InternalError(
        absl::StrCat("processes with TALLYMAN_STACK=", stack_uid_,
                     " in their environment can't be ended"));
  }
  return absl::OkStatus();
}

}  // namespace tallyman::bench
