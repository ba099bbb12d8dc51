#include "tools/bench/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "tools/bench/interruption.h"

namespace tallyman::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kEndMilliseconds = 5000;
// So long may an interruption go unnoticed.
constexpr int kSliceMilliseconds = 100;

// In the child, after fork(): only what is async-signal-safe.
[[noreturn]] void BecomeProgram(pid_t parent, int input, int output, int error,
                                char* const* arguments) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
      dup2(error, STDERR_FILENO) < 0) {
    _exit(127);
  }
  execv(arguments[0], arguments);
  _exit(127);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(
    std::vector<std::string> arguments, const std::string& error_path) {
  std::array<int, 2> input;
  std::array<int, 2> output;
  // A socket, so that writing to a child that has ended is an error, no signal.
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, input.data()) != 0) {
    return absl::ErrnoToStatus(errno, "socketpair");
  }
  const base::UniqueFd input_end(input[0]);
  auto child = absl::WrapUnique(new ChildProcess());
  child->input_ = base::UniqueFd(input[1]);
  if (pipe2(output.data(), O_CLOEXEC) != 0) {
    return absl::ErrnoToStatus(errno, "pipe2");
  }
  child->output_ = base::UniqueFd(output[0]);
  const base::UniqueFd output_end(output[1]);
  const std::string& path = error_path.empty() ? "/dev/null" : error_path;
  const base::UniqueFd error(open(path.c_str(),
                                  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                                  S_IRUSR | S_IWUSR));
  if (!error.valid()) {
    return absl::ErrnoToStatus(errno, absl::StrCat("opening \"", path, "\""));
  }
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);

  const pid_t self = getpid();
  child->pid_ = fork();
  if (child->pid_ == 0) {
    BecomeProgram(self, input_end.get(), output_end.get(), error.get(),
                  pointers.data());
  }
  // As the child does: whoever comes first, there is a group to end.
  if (child->pid_ > 0) setpgid(child->pid_, child->pid_);
  if (child->pid_ < 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat("can't start \"", arguments[0], "\""));
  }
  child->process_ =
      base::UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, child->pid_, 0)));
  if (!child->process_.valid()) return absl::ErrnoToStatus(errno, "pidfd_open");
  return child;
}

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  input_.reset();
  // It stays our child until it is waited for: the pid can't be another's.
  kill(pid_, SIGTERM);
  pollfd watched = {.fd = process_.get(), .events = POLLIN, .revents = 0};
  int ready = 0;
  do {
    ready = poll(&watched, 1, kEndMilliseconds);
  } while (ready < 0 && errno == EINTR);
  // With what it has started in its group.
  if (ready <= 0) kill(-pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

absl::Status ChildProcess::SendLine(std::string_view line) {
  const std::string text = absl::StrCat(line, "\n");
  std::string_view left = text;
  while (!left.empty()) {
    const ssize_t written =
        send(input_.get(), left.data(), left.size(), MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return absl::ErrnoToStatus(errno, "writing to a child");
    left.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ChildProcess::ReadLine(absl::Duration timeout) {
  const Clock::time_point deadline =
      Clock::now() + absl::ToChronoMilliseconds(timeout);
  while (true) {
    if (const size_t end = received_.find('\n'); end != std::string::npos) {
      std::string line = received_.substr(0, end);
      received_.erase(0, end + 1);
      return line;
    }
    if (absl::Status status = CheckInterruption(); !status.ok()) return status;
    if (Clock::now() > deadline) {
      return absl::DeadlineExceededError("a child does not answer");
    }
    pollfd watched = {.fd = output_.get(), .events = POLLIN, .revents = 0};
    if (poll(&watched, 1, kSliceMilliseconds) <= 0) continue;
    std::array<char, 4096> bytes;
    const ssize_t got = read(output_.get(), bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, "reading from a child");
    if (got == 0) return absl::UnavailableError("a child has ended");
    received_.append(bytes.data(), static_cast<size_t>(got));
  }
}

}  // namespace tallyman::bench
