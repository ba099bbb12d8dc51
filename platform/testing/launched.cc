#include "platform/testing/launched.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "platform/held_child.h"
#include "platform/process_handle.h"

namespace tallyman::platform {
namespace {

Gate CreateGate() {
  absl::StatusOr<Gate> gate = Gate::Create();
  CHECK_OK(gate);
  return *std::move(gate);
}

// Writes a line with this process's pid, in one write(2).
void WritePid() {
  const std::string line = absl::StrCat(getpid(), "\n");
  (void)!write(STDOUT_FILENO, line.data(), line.size());
}

// Sleeps. Ends after 300 s, in case the test crashes.
[[noreturn]] void SleepUntilKilled() {
  alarm(300);
  while (true) pause();
}

[[noreturn]] void RunDaemon(bool keep_leader) {
  const pid_t first = fork();
  if (first < 0) _exit(1);
  if (first == 0) {
    setsid();
    const pid_t parent = getpid();
    if (fork() != 0) _exit(0);
    // Wait until the test's process has adopted this one.
    while (getppid() == parent) sched_yield();
    WritePid();
    SleepUntilKilled();
  }
  if (waitpid(first, nullptr, 0) != first) _exit(1);
  if (keep_leader) SleepUntilKilled();
  _exit(0);
}

}  // namespace

Launched::Launched(LaunchSpec spec, int cgroup)
    : spec_(std::move(spec)), gate_(CreateGate()) {
  CHECK_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  std::array<int, 2> ends;
  CHECK_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  output_ = base::UniqueFd(ends[0]);
  const base::UniqueFd write_end(ends[1]);
  HeldChildForker forker;
  absl::StatusOr<ProcessIdentity> identity = forker.Fork(
      spec_,
      {.gate = gate_.child_end(), .output = write_end.get(), .cgroup = cgroup});
  CHECK_OK(identity);
  forker.AwaitSetUp(identity->pid);
  identity_ = *std::move(identity);
  gate_.CloseChildEnd();
}

Launched::~Launched() {
  // Until the child is reaped no other process can get its pid or its group.
  if (!waited_) {
    kill(-pid(), SIGKILL);
    kill(pid(), SIGKILL);
    Wait();
  }
}

Gate::State Launched::Run() {
  CHECK_OK(gate_.Release());
  pollfd request = {.fd = gate_.fd(), .events = POLLIN};
  CHECK_EQ(poll(&request, 1, -1), 1);
  return gate_.Outcome();
}

std::string Launched::ReadLine() {
  std::string line;
  char c = 0;
  while (read(output_.get(), &c, 1) == 1 && c != '\n') line.push_back(c);
  return line;
}

std::string Launched::ReadAll() {
  std::string text;
  std::array<char, 4096> buffer;
  while (true) {
    const ssize_t got = read(output_.get(), buffer.data(), buffer.size());
    if (got <= 0) return text;
    text.append(buffer.data(), static_cast<size_t>(got));
  }
}

int Launched::Wait() {
  CHECK(!waited_);
  waited_ = true;
  int status = 0;
  CHECK_EQ(waitpid(pid(), &status, 0), pid());
  return status;
}

LaunchSpec ShellSpec(std::string command, std::vector<std::string> variables) {
  variables.emplace_back("PATH=/usr/local/bin:/usr/bin:/bin");
  return {.arguments = {"sh", "-c", std::move(command)},
          .environment = std::move(variables)};
}

LaunchSpec DaemonSpec(bool keep_leader, std::vector<std::string> variables) {
  return {.arguments = {"/proc/self/exe", "--daemon",
                        keep_leader ? "keep" : "leave"},
          .environment = std::move(variables)};
}

void AwaitEnd(int fd) {
  pollfd request = {.fd = fd, .events = POLLIN};
  CHECK_EQ(poll(&request, 1, -1), 1);
}

void KillAndReap(pid_t pid) {
  kill(pid, SIGKILL);
  CHECK_EQ(waitpid(pid, nullptr, 0), pid);
}

int TestMain(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--daemon") {
    RunDaemon(std::string_view(argv[2]) == "keep");
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

}  // namespace tallyman::platform
