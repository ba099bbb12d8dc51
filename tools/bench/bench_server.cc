#include "tools/bench/bench_server.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "platform/testing/proc_file.h"
#include "tools/bench/api_client.h"
#include "tools/bench/http_load.h"
#include "tools/bench/instance_watch.h"

namespace tallyman::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kStartWait(30);
constexpr std::chrono::seconds kScaleWait(120);
constexpr std::chrono::seconds kEndWait(30);

base::UniqueFd OpenProcess(pid_t pid) {
  return base::UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

// Waits until there is something to read, or the process has ended.
bool AwaitReadable(int fd, Clock::time_point deadline) {
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd watched = {.fd = fd, .events = POLLIN, .revents = 0};
    const int ready =
        poll(&watched, 1, static_cast<int>(std::max<int64_t>(left.count(), 0)));
    if (ready < 0 && errno == EINTR) continue;
    return ready > 0;
  }
}

// The text after `mark` up to a character of `ends`; "" unless that is there.
std::string After(std::string_view text, std::string_view mark,
                  std::string_view ends) {
  const size_t found = text.find(mark);
  if (found == std::string_view::npos) return "";
  const size_t begin = found + mark.size();
  const size_t end = text.find_first_of(ends, begin);
  if (end == std::string_view::npos) return "";
  return std::string(text.substr(begin, end - begin));
}

}  // namespace

absl::StatusOr<std::unique_ptr<BenchServer>> BenchServer::Start(
    const std::string& program, const std::string& parent,
    std::string_view command) {
  auto server = absl::WrapUnique(new BenchServer());
  absl::Status status = server->MakeDirectory(parent);
  if (status.ok()) status = server->Spawn(program);
  if (status.ok()) status = server->ReadGreeting();
  if (status.ok()) status = server->MakeStack(command);
  if (status.ok()) return server;
  // What failed first is what there is to say; nothing was scaled yet.
  server->Stop().IgnoreError();
  return status;
}

BenchServer::~BenchServer() {
  if (const absl::Status stopped = Stop(); !stopped.ok()) {
    std::cerr << "bench: stopping the server: " << stopped.message() << "\n";
  }
}

absl::StatusOr<ApiClient> BenchServer::Connect() const {
  return ApiClient::Connect(port_, token_);
}

HttpTarget BenchServer::Target(std::string_view path) const {
  return {.port = port_, .token = token_, .path = std::string(path)};
}

// --- The start

absl::Status BenchServer::MakeDirectory(std::string parent) {
  std::error_code error;
  if (parent.empty()) parent = std::filesystem::temp_directory_path(error);
  std::string path = absl::StrCat(parent, "/tallyman-bench-XXXXXX");
  if (error || mkdtemp(path.data()) == nullptr) {
    return absl::ErrnoToStatus(error ? error.value() : errno,
                               absl::StrCat("can't make \"", path, "\""));
  }
  directory_ = path;
  return absl::OkStatus();
}

absl::Status BenchServer::Spawn(const std::string& program) {
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return absl::ErrnoToStatus(errno, "pipe2");
  }
  output_ = base::UniqueFd(ends[0]);
  const base::UniqueFd output(ends[1]);
  std::vector<std::string> arguments = {
      program,
      "--port=0",
      "--settle_time=0",
      "--action_deadline=10m",
      "--nolog_requests",
      absl::StrCat("--data_dir=", directory_, "/data")};
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);

  const std::string log = absl::StrCat(directory_, "/server.log");
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                   O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output.get(), STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND,
                                   S_IRUSR | S_IWUSR);
  // A ^C at the terminal is for us: the server is still needed to end what it
  // has started.
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  const int error = posix_spawn(&pid_, program.c_str(), &actions, &attributes,
                                pointers.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    pid_ = -1;
    return absl::ErrnoToStatus(
        error, absl::StrCat("can't start \"", program, "\" (--server)"));
  }
  process_ = OpenProcess(pid_);
  if (!process_.valid()) return absl::ErrnoToStatus(errno, "pidfd_open");
  return absl::OkStatus();
}

absl::Status BenchServer::ReadGreeting() {
  const Clock::time_point deadline = Clock::now() + kStartWait;
  std::string text;
  while (token_.empty()) {
    if (!AwaitReadable(output_.get(), deadline)) {
      return absl::DeadlineExceededError("the server does not start in time");
    }
    std::array<char, 4096> bytes;
    const ssize_t got = read(output_.get(), bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      return absl::UnavailableError(
          absl::StrCat("the server does not start: ", LastLogLine()));
    }
    text.append(bytes.data(), static_cast<size_t>(got));
    const std::string token = After(text, "tly_", " \n'");
    if (!token.empty()) token_ = absl::StrCat("tly_", token);
  }
  if (!absl::SimpleAtoi(After(text, "http://127.0.0.1:", "/, \n"), &port_)) {
    return absl::InternalError(
        absl::StrCat("the server does not tell its port: ", text));
  }
  return absl::OkStatus();
}

absl::Status BenchServer::MakeStack(std::string_view command) {
  absl::StatusOr<ApiClient> first = Connect();
  if (!first.ok()) return first.status();
  absl::StatusOr<std::string> token = first->MakeToken();
  if (!token.ok()) return token.status();
  token_ = *std::move(token);

  absl::StatusOr<ApiClient> client = Connect();
  if (!client.ok()) return client.status();
  absl::StatusOr<std::string> stack_uid = client->CreateStack(command);
  if (!stack_uid.ok()) return stack_uid.status();
  stack_uid_ = *std::move(stack_uid);
  absl::StatusOr<std::string> server_uid = client->ServerUid(stack_uid_);
  if (!server_uid.ok()) return server_uid.status();
  server_uid_ = *std::move(server_uid);
  return absl::OkStatus();
}

absl::StatusOr<pid_t> BenchServer::FindKeeper() {
  if (keeper_.valid()) return keeper_pid_;
  const std::string path = absl::StrCat(directory_, "/data/keeper.lock");
  std::ifstream file(path);
  std::string line;
  pid_t pid = -1;
  if (!std::getline(file, line) || !absl::SimpleAtoi(line, &pid)) {
    return absl::NotFoundError(
        absl::StrCat("there is no keeper: no pid in \"", path, "\""));
  }
  // The file may tell of one that has ended. The directory's name, which
  // nothing else has, is among a keeper's arguments.
  base::UniqueFd process = OpenProcess(pid);
  const std::optional<std::string> arguments =
      platform::ReadProc(pid, "cmdline");
  if (!process.valid() || !arguments ||
      !absl::StrContains(*arguments,
                         directory_.substr(directory_.rfind('/')))) {
    return absl::NotFoundError(absl::StrCat("the keeper ", pid, " has ended"));
  }
  keeper_pid_ = pid;
  keeper_ = std::move(process);
  return pid;
}

// --- The end

absl::Status BenchServer::Stop() {
  if (directory_.empty()) return absl::OkStatus();
  FindKeeper().IgnoreError();  // It may have started none.
  absl::Status status;
  if (!server_uid_.empty()) status = ScaleToZero();
  status.Update(EndServer());
  if (status.ok()) status = AwaitKeeper();
  if (!status.ok() || !FindProcesses(stack_uid_).empty()) {
    status.Update(absl::InternalError("the server left processes behind"));
    if (const absl::Status killed = KillAll(); !killed.ok()) {
      status = absl::Status(status.code(), absl::StrCat(status.message(), "; ",
                                                        killed.message()));
    }
  }
  std::error_code error;
  std::filesystem::remove_all(directory_, error);
  if (error) {
    status.Update(absl::ErrnoToStatus(
        error.value(), absl::StrCat("can't remove \"", directory_, "\"")));
  }
  directory_.clear();
  return status;
}

absl::Status BenchServer::ScaleToZero() {
  absl::StatusOr<ApiClient> client = Connect();
  if (!client.ok()) return client.status();
  const absl::StatusOr<int64_t> action =
      client->Scale(stack_uid_, server_uid_, 0);
  if (!action.ok()) return action.status();
  const Clock::time_point deadline = Clock::now() + kScaleWait;
  while (Clock::now() < deadline) {
    const absl::StatusOr<bool> finished =
        client->HasFinished(stack_uid_, *action);
    if (!finished.ok()) return finished.status();
    if (*finished) return absl::OkStatus();
    absl::SleepFor(absl::Milliseconds(20));
  }
  return absl::DeadlineExceededError("scaling to 0 takes too long");
}

absl::Status BenchServer::EndServer() {
  if (pid_ < 0) return absl::OkStatus();
  absl::Status status;
  kill(pid_, SIGTERM);
  if (!process_.valid() ||
      !AwaitReadable(process_.get(), Clock::now() + kEndWait)) {
    status = absl::DeadlineExceededError("the server does not end");
    kill(pid_, SIGKILL);
  }
  int wait_status = 0;
  while (waitpid(pid_, &wait_status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0) {
    status.Update(absl::InternalError(
        absl::StrCat("the server has ended with the wait status ", wait_status,
                     ": ", LastLogLine())));
  }
  return status;
}

absl::Status BenchServer::AwaitKeeper() {
  if (!keeper_.valid() ||
      AwaitReadable(keeper_.get(), Clock::now() + kEndWait)) {
    return absl::OkStatus();
  }
  return absl::DeadlineExceededError(
      absl::StrCat("the keeper ", keeper_pid_, " does not end"));
}

absl::Status BenchServer::KillAll() {
  // First who could start others.
  if (FindKeeper().ok()) {
    syscall(SYS_pidfd_send_signal, keeper_.get(), SIGKILL, nullptr, 0);
    AwaitReadable(keeper_.get(), Clock::now() + kEndWait);
  }
  if (!stack_uid_.empty() && !KillProcesses(stack_uid_)) {
    return absl::InternalError(
        absl::StrCat("processes with TALLYMAN_STACK=", stack_uid_,
                     " in their environment can't be ended"));
  }
  return absl::OkStatus();
}

std::string BenchServer::LastLogLine() const {
  std::ifstream file(absl::StrCat(directory_, "/server.log"));
  std::string line;
  std::string last = "it has said nothing";
  while (std::getline(file, line)) last = line;
  return last;
}

}  // namespace tallyman::bench
