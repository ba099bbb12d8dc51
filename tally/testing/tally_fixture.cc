#include "tally/testing/tally_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "nlohmann/json.hpp"
#include "platform/base/unique_fd.h"
#include "platform/base/write_all.h"
#include "tools/harness/child_process.h"
#include "tools/harness/http_client.h"
#include "tools/harness/http_connection.h"
#include "tools/harness/server_process.h"

namespace tallyman::tally {
namespace {

constexpr char kProgram[] = "tally/tally";

struct Pipe {
  base::UniqueFd reader;
  base::UniqueFd writer;
};

Pipe MakePipe() {
  int ends[2];
  PCHECK(pipe2(ends, O_CLOEXEC) == 0);
  return {base::UniqueFd(ends[0]), base::UniqueFd(ends[1])};
}

// A pseudo-terminal; `reader` is the master.
Pipe MakeTerminal(int columns, int rows) {
  winsize size = {};
  size.ws_col = static_cast<unsigned short>(columns);
  size.ws_row = static_cast<unsigned short>(rows);
  int master = -1;
  int slave = -1;
  PCHECK(openpty(&master, &slave, nullptr, nullptr, &size) == 0);
  PCHECK(fcntl(master, F_SETFD, FD_CLOEXEC) == 0);
  PCHECK(fcntl(slave, F_SETFD, FD_CLOEXEC) == 0);
  return {base::UniqueFd(master), base::UniqueFd(slave)};
}

}  // namespace

TallyProcess::TallyProcess(std::vector<std::string> arguments,
                           const TallyOptions& options) {
  arguments.insert(arguments.begin(), "tally");
  harness::ChildOptions child;
  child.program = kProgram;
  child.arguments = std::move(arguments);
  child.environment = options.environment;
  child.death_signal = SIGKILL;

  Pipe closer = MakePipe();
  Pipe input;
  Pipe out;
  Pipe error;
  if (options.columns > 0) {
    out = MakeTerminal(options.columns, options.rows);
    child.input = child.output = child.error = out.writer.get();
    child.group = harness::ChildOptions::Group::kOwnSession;
  } else {
    out = MakePipe();
    error = MakePipe();
    child.output = out.writer.get();
    child.error = error.writer.get();
    if (options.input) {
      input = MakePipe();
      child.input = input.reader.get();
    }
  }
  auto started = harness::ChildProcess::Start(std::move(child));
  CHECK_OK(started.status());
  child_ = *std::move(started);
  out.writer.reset();
  error.writer.reset();
  input.reader.reset();
  if (options.input) {
    // As much as a pipe takes without a reader (pipe(7)).
    CHECK_LE(options.input->size(), 65536U);
    CHECK(base::WriteAll(input.writer.get(), *options.input));
    input.writer.reset();
  }
  out_fd_ = std::move(out.reader);
  error_fd_ = std::move(error.reader);
  closes_output_ = std::move(closer.writer);
  readers_.emplace_back([this, close = std::move(closer.reader)]() mutable {
    // Ends at the end of the output, or when closes_output_ is closed.
    pollfd fds[] = {{out_fd_.get(), POLLIN, 0}, {close.get(), POLLIN, 0}};
    char buffer[4096];
    while (true) {
      if (poll(fds, 2, -1) < 0) {
        PCHECK(errno == EINTR);
        continue;
      }
      if (fds[1].revents != 0) break;
      const ssize_t size = read(out_fd_.get(), buffer, sizeof(buffer));
      if (size < 0 && errno == EINTR) continue;
      // EIO: no process has the terminal open.
      if (size <= 0) break;
      const absl::MutexLock lock(&mutex_);
      out_.text.append(buffer, static_cast<size_t>(size));
    }
    // A terminal stays open: closing it would hang the child up.
    if (fds[1].revents != 0) out_fd_.reset();
    const absl::MutexLock lock(&mutex_);
    out_.ended = true;
  });
  if (error_fd_.valid()) {
    readers_.emplace_back([this] { Read(error_fd_.get(), error_); });
  } else {
    const absl::MutexLock lock(&mutex_);
    error_.ended = true;
  }
}

TallyProcess::~TallyProcess() {
  child_ = nullptr;
  closes_output_.reset();
  for (std::thread& reader : readers_) reader.join();
}

void TallyProcess::Read(int fd, Stream& stream) {
  char buffer[4096];
  while (true) {
    const ssize_t size = read(fd, buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    const absl::MutexLock lock(&mutex_);
    if (size <= 0) {
      stream.ended = true;
      return;
    }
    stream.text.append(buffer, static_cast<size_t>(size));
  }
}

std::string TallyProcess::output() const {
  const absl::MutexLock lock(&mutex_);
  return out_.text;
}

std::string TallyProcess::error() const {
  const absl::MutexLock lock(&mutex_);
  return error_.text;
}

bool TallyProcess::WaitFor(const Stream& stream, std::string_view text) const {
  const absl::MutexLock lock(&mutex_);
  const auto is_settled = [&] {
    return stream.ended || absl::StrContains(stream.text, text);
  };
  mutex_.Await(absl::Condition(&is_settled));
  return absl::StrContains(stream.text, text);
}

bool TallyProcess::WaitForOutput(std::string_view text) const {
  return WaitFor(out_, text);
}

bool TallyProcess::WaitForError(std::string_view text) const {
  return WaitFor(error_, text);
}

void TallyProcess::Type(std::string_view keys) {
  CHECK(base::WriteAll(out_fd_.get(), keys));
}

void TallyProcess::CloseOutput() {
  closes_output_.reset();
  const absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&out_.ended));
}

int TallyProcess::Wait() {
  const int status = *child_->Wait();
  {
    const absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&out_.ended));
    mutex_.Await(absl::Condition(&error_.ended));
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TallyResult RunTally(std::vector<std::string> arguments,
                     const TallyOptions& options) {
  TallyProcess process(std::move(arguments), options);
  const int code = process.Wait();
  return {.code = code, .output = process.output(), .error = process.error()};
}

TallyServer::TallyServer(std::vector<std::string> flags)
    : flags_(std::move(flags)) {
  Start();
  token_ = server_->shown_token();
  token_ = Ask("POST", "/tokens",
               {{"name", "test"},
                {"scopes", {"admin"}},
                {"hourly_limit", 1000000000}})["response"][0]["token"];
}

TallyServer::~TallyServer() {
  if (!server_) Start();
  for (const nlohmann::json& stack : Ask("GET", "/stacks")["response"]) {
    const std::string uid = stack["uid"];
    const nlohmann::json action =
        Ask("DELETE", absl::StrCat("/stacks/", uid))["response"][0];
    // The stack is gone when its instances have ended.
    harness::ClientResponse answer;
    do {
      answer = harness::HttpClient(port_).Get(
          absl::StrCat("/api/3/stacks/", uid, "/actions/",
                       action["id"].get<int64_t>()),
          token_);
    } while (answer.status == 200 &&
             nlohmann::json::parse(answer.body)["response"]["finished_at"]
                 .is_null());
  }
  server_->Signal(SIGTERM);
  server_->Wait();
}

std::string TallyServer::url() const {
  return absl::StrCat("http://127.0.0.1:", port_);
}

void TallyServer::Kill() {
  CHECK(server_->Kill());
  server_.reset();
}

void TallyServer::Start() {
  std::vector<std::string> flags = {absl::StrCat("--data_dir=", data_.path()),
                                    absl::StrCat("--port=", port_),
                                    "--server_name=here"};
  flags.insert(flags.end(), flags_.begin(), flags_.end());
  server_.emplace(std::move(flags));
  CHECK(server_->WaitUntilListening()) << server_->standard_error();
  port_ = server_->port();
}

std::vector<std::string> TallyServer::BareEnvironment() const {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment.
  const char* const path = std::getenv("PATH");
  return {absl::StrCat("HOME=", home_.path()),
          absl::StrCat("PATH=", path == nullptr ? "/usr/bin:/bin" : path),
          "TERM=xterm-256color", "LANG=C.UTF-8"};
}

std::vector<std::string> TallyServer::Environment() const {
  std::vector<std::string> environment = BareEnvironment();
  environment.push_back(absl::StrCat("TALLY_URL=", url()));
  environment.push_back(absl::StrCat("TALLY_TOKEN=", token_));
  return environment;
}

TallyResult TallyServer::Run(std::vector<std::string> arguments) const {
  return RunTally(std::move(arguments), {.environment = Environment()});
}

TallyResult TallyServer::RunOnTerminal(std::vector<std::string> arguments,
                                       int columns) const {
  return RunTally(std::move(arguments),
                  {.environment = Environment(), .columns = columns});
}

std::unique_ptr<TallyProcess> TallyServer::Start(
    std::vector<std::string> arguments) const {
  return std::make_unique<TallyProcess>(
      std::move(arguments), TallyOptions{.environment = Environment()});
}

std::string TallyServer::MakeStack(std::string_view name,
                                   std::string_view procfile) {
  return Ask("POST", "/stacks",
             {{"name", name}, {"procfile", procfile}})["response"][0]["uid"];
}

nlohmann::json TallyServer::Ask(std::string_view method,
                                std::string_view target,
                                const nlohmann::json& body) const {
  std::vector<std::string> headers = {
      absl::StrCat("Authorization: Bearer ", token_)};
  std::optional<std::string> text;
  if (!body.is_null()) {
    headers.emplace_back("Content-Type: application/json");
    text = body.dump();
  }
  const harness::ClientResponse answer =
      harness::HttpClient(port_).Request(method, target, headers, text);
  CHECK_LT(answer.status, 300) << method << " " << target << answer.body;
  return answer.body.empty() ? nlohmann::json()
                             : nlohmann::json::parse(answer.body);
}

}  // namespace tallyman::tally
