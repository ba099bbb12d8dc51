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

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "tools/bench/http_load.h"
#include "tools/bench/instance_watch.h"
#include "tools/bench/scratch_directory.h"
#include "tools/harness/api_client.h"
#include "tools/harness/keeper.h"
#include "tools/harness/pidfd.h"
#include "tools/harness/server_process.h"

namespace tallyman::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kProcess = "sleeper";
constexpr absl::Duration kStartTimeout = absl::Seconds(30);
constexpr std::chrono::seconds kScaleTimeout(120);
constexpr absl::Duration kEndTimeout = absl::Seconds(30);

}  // namespace

BenchServer::BenchServer(ScratchDirectory directory)
    : directory_(std::move(directory)),
      data_dir_(directory_->path() + "/data") {}

absl::StatusOr<std::unique_ptr<BenchServer>> BenchServer::Start(
    const std::string& program, const std::string& parent,
    std::string_view command) {
  absl::StatusOr<ScratchDirectory> directory = ScratchDirectory::Make(parent);
  if (!directory.ok()) return directory.status();
  auto result = absl::WrapUnique(new BenchServer(*std::move(directory)));
  absl::StatusOr<std::unique_ptr<harness::ServerProcess>> server =
      harness::ServerProcess::Start(
          {.program = program,
           .flags = {"--settle_time=0", "--action_deadline=10m",
                     "--nolog_requests",
                     absl::StrCat("--data_dir=", result->data_dir_)},
           // Stop() needs the server after a ^C.
           .own_process_group = true});
  if (!server.ok()) return server.status();
  result->server_ = *std::move(server);
  absl::Status status = result->server_->AwaitListening(kStartTimeout);
  if (status.ok()) status = result->MakeStack(command);
  if (status.ok()) return result;
  // The first error counts.
  result->Stop().IgnoreError();
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

absl::StatusOr<int64_t> BenchServer::Scale(harness::ApiClient& client,
                                           int64_t count) const {
  return client.Scale(stack_uid_, server_uid_, kProcess, count);
}

absl::Status BenchServer::MakeStack(std::string_view command) {
  token_ = server_->shown_token();
  absl::StatusOr<std::string> token = Client().MakeToken();
  if (!token.ok()) return token.status();
  token_ = *std::move(token);

  harness::ApiClient client = Client();
  absl::StatusOr<std::string> stack_uid = client.MakeStack(
      "bench",
      {{.name = std::string(kProcess), .command = std::string(command)}});
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
  const absl::StatusOr<int64_t> action = Scale(client, 0);
  if (!action.ok()) return action.status();
  const Clock::time_point deadline = Clock::now() + kScaleTimeout;
  while (Clock::now() < deadline) {
    const absl::StatusOr<bool> finished =
        client.HasSucceeded(stack_uid_, *action);
    if (!finished.ok()) return finished.status();
    if (*finished) return absl::OkStatus();
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
