// Starts processes that sleep, each with its own arguments and name:
//
//   sleepers COUNT
//
// Prints "ready PID" when all have executed their program; PID is that of the
// last one. Kills them at the end of its standard input, and on SIGTERM, SIGINT
// and SIGHUP; if it is killed itself the kernel kills them. Linked statically:
// thousands of them start quickly and take little memory.

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

namespace {

constexpr int kMaxCount = 20'000;
constexpr const char* kSleeper = "--sleeper";

volatile std::sig_atomic_t stop = 0;
void OnSignal(int /*signal*/) { stop = 1; }

void SetHandlers(void (*handler)(int)) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    struct sigaction action = {};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, nullptr);
  }
}

// `name` is the first argument of the sleeper.
[[noreturn]] void Sleep(const char* name) {
  prctl(PR_SET_NAME, name);
  while (true) pause();
}

[[noreturn]] void BecomeSleeper(int index, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  SetHandlers(SIG_DFL);
  std::array<char, 16> name;
  std::array<char, 32> id;
  std::array<char, 48> file;
  std::snprintf(name.data(), name.size(), "sleeper-%05d", index);
  std::snprintf(id.data(), id.size(), "--worker-id=%05d", index);
  std::snprintf(file.data(), file.size(), "--config=conf.d/worker-%05d.conf",
                index);
  std::array<char, 16> sleeper;
  std::strcpy(sleeper.data(), kSleeper);
  std::array<char, 24> level = {"--log-level=info"};
  std::array<char, 8> language = {"LANG=C"};
  const std::array<char*, 6> arguments = {name.data(),  sleeper.data(),
                                          id.data(),    file.data(),
                                          level.data(), nullptr};
  const std::array<char*, 2> environment = {language.data(), nullptr};
  execve("/proc/self/exe", arguments.data(), environment.data());
  _exit(127);
}

// Each child inherits the pipe `gate` of Run(), close-on-exec: the end of the
// pipe is the moment when all have executed their program.
std::vector<pid_t> Start(int count) {
  const pid_t self = getpid();
  std::vector<pid_t> children;
  children.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count && stop == 0; ++i) {
    const pid_t pid = fork();
    if (pid == 0) BecomeSleeper(i, self);
    if (pid < 0) {
      std::perror("sleepers: fork");
      break;
    }
    children.push_back(pid);
  }
  return children;
}

void AwaitEnd(int fd) {
  char byte = 0;
  while (stop == 0) {
    // A signal that comes before poll() does not interrupt it: use a timeout.
    pollfd watched = {.fd = fd, .events = POLLIN, .revents = 0};
    if (poll(&watched, 1, 500) <= 0) continue;
    if (read(fd, &byte, 1) == 0) return;
  }
}

int Run(int count) {
  SetHandlers(OnSignal);
  std::array<int, 2> gate;
  if (pipe2(gate.data(), O_CLOEXEC) != 0) {
    std::perror("sleepers: pipe2");
    return 1;
  }
  const std::vector<pid_t> children = Start(count);
  close(gate[1]);
  const bool all = children.size() == static_cast<size_t>(count);
  AwaitEnd(gate[0]);
  if (all && stop == 0) {
    std::printf("ready %d\n", children.empty() ? 0 : children.back());
    std::fflush(stdout);
    AwaitEnd(STDIN_FILENO);
  }
  for (const pid_t pid : children) kill(pid, SIGKILL);
  for (const pid_t pid : children) {
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  return all ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == kSleeper) Sleep(argv[0]);
  int count = -1;
  if (argc == 2) {
    std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), count);
  }
  if (count < 0 || count > kMaxCount) {
    std::fprintf(stderr, "usage: sleepers COUNT (at most %d)\n", kMaxCount);
    return 2;
  }
  return Run(count);
}
