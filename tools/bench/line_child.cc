#include "tools/bench/line_child.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
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
#include "tools/harness/child_process.h"
#include "tools/harness/pidfd.h"

namespace tallyman::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr absl::Duration kEndTimeout = absl::Seconds(5);
// An interruption is noticed after this time.
constexpr absl::Duration kSlice = absl::Milliseconds(100);

}  // namespace

absl::StatusOr<std::unique_ptr<LineChild>> LineChild::Start(
    std::vector<std::string> arguments, const std::string& error_path) {
  std::array<int, 2> input;
  std::array<int, 2> output;
  // Not a pipe: MSG_NOSIGNAL, for a child that has ended, needs a socket.
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, input.data()) != 0) {
    return absl::ErrnoToStatus(errno, "socketpair");
  }
  const base::UniqueFd input_end(input[0]);
  auto result = absl::WrapUnique(new LineChild());
  result->input_ = base::UniqueFd(input[1]);
  if (pipe2(output.data(), O_CLOEXEC) != 0) {
    return absl::ErrnoToStatus(errno, "pipe2");
  }
  result->output_ = base::UniqueFd(output[0]);
  const base::UniqueFd output_end(output[1]);
  base::UniqueFd error;
  if (!error_path.empty()) {
    error = base::UniqueFd(open(error_path.c_str(),
                                O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                                S_IRUSR | S_IWUSR));
    if (!error.valid()) return absl::ErrnoToStatus(errno, error_path);
  }
  const std::string program = arguments.front();
  absl::StatusOr<std::unique_ptr<harness::ChildProcess>> child =
      harness::ChildProcess::Start({.program = program,
                                    .arguments = std::move(arguments),
                                    .input = input_end.get(),
                                    .output = output_end.get(),
                                    .error = error.get(),
                                    .group = harness::ChildOptions::Group::kOwn,
                                    .death_signal = SIGTERM});
  if (!child.ok()) return child.status();
  result->child_ = *std::move(child);
  return result;
}

LineChild::~LineChild() {
  if (child_ == nullptr) return;
  input_.reset();
  child_->Signal(SIGTERM);
  // The pid, and so the group, is not used again before ~ChildProcess().
  if (!child_->Wait(kEndTimeout)) kill(-child_->pid(), SIGKILL);
}

absl::Status LineChild::SendLine(std::string_view line) {
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

absl::StatusOr<std::string> LineChild::ReadLine(absl::Duration timeout) {
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
      return absl::DeadlineExceededError("a child does not answer in time");
    }
    if (!harness::AwaitReadable(output_, kSlice)) continue;
    std::array<char, 4096> bytes;
    const ssize_t got = read(output_.get(), bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, "reading from a child");
    if (got == 0) return absl::UnavailableError("a child has ended");
    received_.append(bytes.data(), static_cast<size_t>(got));
  }
}

}  // namespace tallyman::bench
