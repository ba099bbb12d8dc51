#include "tools/bench/command.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "tools/bench/interruption.h"
#include "tools/harness/pidfd.h"

namespace tallyman::bench {
namespace {

using Clock = std::chrono::steady_clock;

// An interruption is noticed after this time.
constexpr int kSliceMilliseconds = 100;

// With posix_spawn(3), not harness::ChildProcess: the time counts, and fork(2)
// takes longer.
absl::StatusOr<pid_t> Spawn(std::vector<std::string>& arguments, int output) {
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                   O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, pointers[0], &actions, &attributes,
                                pointers.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return absl::ErrnoToStatus(
        error, absl::StrCat("can't start \"", arguments[0], "\""));
  }
  return pid;
}

// Reads the output into `text` until the process has ended.
absl::Status AwaitEnd(int process, base::UniqueFd& output,
                      Clock::time_point deadline, std::string& text) {
  while (true) {
    std::array<pollfd, 2> watched = {
        {{.fd = process, .events = POLLIN, .revents = 0},
         {.fd = output.get(), .events = POLLIN, .revents = 0}}};
    const int ready = poll(watched.data(), watched.size(), kSliceMilliseconds);
    if (ready > 0 && watched[1].revents != 0) {
      std::array<char, 4096> bytes;
      const ssize_t got = read(output.get(), bytes.data(), bytes.size());
      if (got > 0) text.append(bytes.data(), static_cast<size_t>(got));
      if (got == 0 || (got < 0 && errno != EINTR)) output.reset();
    } else if (ready > 0 && watched[0].revents != 0) {
      return absl::OkStatus();
    }
    if (absl::Status status = CheckInterruption(); !status.ok()) return status;
    if (Clock::now() > deadline) {
      return absl::DeadlineExceededError("takes too long");
    }
  }
}

}  // namespace

absl::StatusOr<CommandResult> RunCommand(std::vector<std::string> arguments,
                                         bool with_output,
                                         absl::Duration timeout) {
  base::UniqueFd read_end;
  base::UniqueFd write_end;
  if (with_output) {
    std::array<int, 2> ends;
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
      return absl::ErrnoToStatus(errno, "pipe2");
    }
    read_end = base::UniqueFd(ends[0]);
    write_end = base::UniqueFd(ends[1]);
  } else {
    write_end = base::UniqueFd(open("/dev/null", O_WRONLY | O_CLOEXEC));
  }
  const Clock::time_point begin = Clock::now();
  const absl::StatusOr<pid_t> pid = Spawn(arguments, write_end.get());
  if (!pid.ok()) return pid.status();
  write_end.reset();
  CommandResult result;
  const base::UniqueFd process = harness::OpenPidfd(*pid);
  const absl::Status ended =
      process.valid()
          ? AwaitEnd(process.get(), read_end,
                     begin + absl::ToChronoMilliseconds(timeout), result.output)
          : absl::ErrnoToStatus(errno, "pidfd_open");
  if (!ended.ok()) kill(*pid, SIGKILL);
  int wait_status = 0;
  while (waitpid(*pid, &wait_status, 0) < 0 && errno == EINTR) {
  }
  result.elapsed = absl::FromChrono(Clock::now() - begin);
  result.exit_code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
  if (ended.ok()) return result;
  return absl::Status(
      ended.code(), absl::StrCat("\"", arguments[0], "\": ", ended.message()));
}

std::optional<std::string> FindInstalled(std::string_view name) {
  // Not $PATH: the peers are those of the distribution's packages.
  constexpr std::array<std::string_view, 3> kDirectories = {
      "/usr/bin", "/usr/sbin", "/usr/local/bin"};
  for (const std::string_view directory : kDirectories) {
    std::string path = absl::StrCat(directory, "/", name);
    if (access(path.c_str(), X_OK) == 0) return path;
  }
  return std::nullopt;
}

}  // namespace tallyman::bench
