#include "tools/harness/server_process.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/log/log.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "tools/harness/child_process.h"

namespace tallyman::harness {
namespace {

// The server logs this event once all of its greeting is written.
constexpr std::string_view kListening = "\"event\":\"listening\"";
// The end of the greeting.
constexpr std::string_view kGreeted = ", with its data in ";

// The port in the log's line about listening; 0 if there is no such line yet.
int PortIn(std::string_view log) {
  constexpr std::string_view kUrl = "://127.0.0.1:";
  const size_t event = log.find(kListening);
  if (event == std::string_view::npos) return 0;
  const size_t url = log.find(kUrl, event);
  if (url == std::string_view::npos) return 0;
  const size_t begin = url + kUrl.size();
  const size_t end = log.find('"', begin);
  int port = 0;
  if (end == std::string_view::npos ||
      !absl::SimpleAtoi(log.substr(begin, end - begin), &port)) {
    return 0;
  }
  return port;
}

// `added` first: of two variables with one name, getenv(3) finds the first.
std::vector<std::string> Environment(std::vector<std::string> added) {
  for (char** each = environ; *each != nullptr; ++each) {
    added.emplace_back(*each);
  }
  return added;
}

struct Pipe {
  base::UniqueFd read_end;
  base::UniqueFd write_end;
};

absl::StatusOr<Pipe> MakePipe() {
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return absl::ErrnoToStatus(errno, "pipe2");
  }
  return Pipe{.read_end = base::UniqueFd(ends[0]),
              .write_end = base::UniqueFd(ends[1])};
}

}  // namespace

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::Start(
    ServerOptions options) {
  auto server =
      absl::WrapUnique(new ServerProcess(FromOptions(), std::move(options)));
  if (absl::Status started = server->Spawn(); !started.ok()) return started;
  return server;
}

ServerProcess::ServerProcess(std::vector<std::string> flags,
                             std::vector<std::string> environment)
    : ServerProcess(FromOptions(), {.flags = std::move(flags),
                                    .environment = std::move(environment)}) {
  CHECK_OK(Spawn());
}

ServerProcess::~ServerProcess() {
  child_.reset();
  if (out_reader_.joinable()) out_reader_.join();
  if (error_reader_.joinable()) error_reader_.join();
}

absl::Status ServerProcess::Spawn() {
  absl::StatusOr<Pipe> out = MakePipe();
  if (!out.ok()) return out.status();
  absl::StatusOr<Pipe> error = MakePipe();
  if (!error.ok()) return error.status();
  base::UniqueFd log;
  if (!options_.log_path.empty()) {
    log = base::UniqueFd(open(options_.log_path.c_str(),
                              O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                              S_IRUSR | S_IWUSR));
    if (!log.valid()) return absl::ErrnoToStatus(errno, options_.log_path);
  }
  std::vector<std::string> arguments = {options_.program, "--port=0",
                                        "--nolocal_access"};
  arguments.insert(arguments.end(), options_.flags.begin(),
                   options_.flags.end());
  absl::StatusOr<std::unique_ptr<ChildProcess>> child = ChildProcess::Start(
      {.program = options_.program,
       .arguments = std::move(arguments),
       .environment = Environment(options_.environment),
       .output = out->write_end.get(),
       .error = error->write_end.get(),
       .group = options_.own_process_group ? ChildOptions::Group::kOwn
                                           : ChildOptions::Group::kInherited,
       .death_signal = SIGKILL});
  if (!child.ok()) return child.status();
  child_ = *std::move(child);
  out_reader_ = std::thread([this, pipe = std::move(out->read_end)] {
    ReadAll(pipe, base::UniqueFd(), out_);
  });
  error_reader_ =
      std::thread([this, pipe = std::move(error->read_end),
                   copy = std::move(log)] { ReadAll(pipe, copy, error_); });
  return absl::OkStatus();
}

void ServerProcess::ReadAll(const base::UniqueFd& pipe,
                            const base::UniqueFd& copy, Output& output) {
  std::array<char, 4096> bytes;
  while (true) {
    const ssize_t got = read(pipe.get(), bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    // An error of the copy is no error of the server.
    if (got > 0 && copy.valid() &&
        write(copy.get(), bytes.data(), static_cast<size_t>(got)) != got) {
      PLOG(WARNING) << "writing \"" << options_.log_path << "\"";
    }
    const absl::MutexLock lock(&mutex_);
    if (got <= 0) {
      output.ended = true;
      return;
    }
    output.text.append(bytes.data(), static_cast<size_t>(got));
  }
}

absl::Status ServerProcess::AwaitListening(absl::Duration timeout) {
  const auto listens = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return PortIn(error_.text) != 0 && absl::StrContains(out_.text, kGreeted);
  };
  const auto is_decided = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return listens() || (out_.ended && error_.ended);
  };
  {
    const absl::MutexLock lock(&mutex_);
    if (!mutex_.AwaitWithTimeout(absl::Condition(&is_decided), timeout)) {
      return absl::DeadlineExceededError("the server does not listen in time");
    }
    if (listens()) return absl::OkStatus();
  }
  const std::optional<int> end = child_->Wait();
  const std::string message = absl::StrCat(
      "the server ended before it listened: ", harness::DescribeEnd(*end),
      "; its last line: ", LastLogLine());
  return WIFSIGNALED(*end) && WTERMSIG(*end) == SIGKILL
             ? absl::AbortedError(message)
             : absl::InternalError(message);
}

int ServerProcess::port() const { return PortIn(standard_error()); }

std::string ServerProcess::shown_token() const {
  const std::string text = standard_output();
  const size_t begin = text.find("tly_");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_first_of(" \n'", begin) - begin);
}

std::string ServerProcess::shown_code() const {
  constexpr std::string_view kMark = "/#code=";
  const std::string text = standard_output();
  const size_t mark = text.find(kMark);
  if (mark == std::string::npos) return "";
  const size_t begin = mark + kMark.size();
  return text.substr(begin, text.find('\n', begin) - begin);
}

bool ServerProcess::Kill() {
  const bool was_alive = child_->Signal(SIGKILL);
  child_->Wait();
  return was_alive;
}

absl::Status ServerProcess::Stop(absl::Duration timeout) {
  if (!child_->Signal(SIGTERM)) {
    return absl::InternalError(
        absl::StrCat("expected to stop the server, but it ", DescribeEnd()));
  }
  const std::optional<int> end = child_->Wait(timeout);
  if (!end) {
    return absl::DeadlineExceededError("the server does not end at SIGTERM");
  }
  if (*end == 0) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("expected the server to exit with 0 at SIGTERM, but it ",
                   DescribeEnd(), "; its last line: ", LastLogLine()));
}

int ServerProcess::Wait() {
  const std::optional<int> end = child_->Wait();
  const auto is_complete = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return out_.ended && error_.ended;
  };
  const absl::MutexLock lock(&mutex_, absl::Condition(&is_complete));
  return WIFSIGNALED(*end) ? 128 + WTERMSIG(*end) : WEXITSTATUS(*end);
}

std::string ServerProcess::DescribeEnd() {
  const std::optional<int> end = child_->End();
  return end ? harness::DescribeEnd(*end) : "still runs";
}

std::string ServerProcess::standard_output() const {
  const absl::MutexLock lock(&mutex_);
  return out_.text;
}

std::string ServerProcess::standard_error() const {
  const absl::MutexLock lock(&mutex_);
  return error_.text;
}

std::string ServerProcess::LastLogLine() const {
  const std::string log = standard_error();
  const std::string_view text = absl::StripSuffix(log, "\n");
  if (text.empty()) return "(the log is empty)";
  // npos + 1 is 0.
  return std::string(text.substr(text.rfind('\n') + 1));
}

bool ServerProcess::WaitForLog(std::string_view text) const {
  const auto has_text = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return absl::StrContains(error_.text, text);
  };
  const auto is_decided = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return error_.ended || has_text();
  };
  const absl::MutexLock lock(&mutex_, absl::Condition(&is_decided));
  return has_text();
}

bool ServerProcess::HasLogged(std::string_view event) const {
  return absl::StrContains(standard_error(),
                           absl::StrCat("\"event\":\"", event, "\""));
}

}  // namespace tallyman::harness
