// Linux: fork(2), or clone3(2) where the child is to start in a cgroup.
//
// What the child does before exec touches no lock and allocates nothing after
// its limits are set; it makes system calls by number where the C library would
// want to tell other threads (nptl(7)), since clone3 goes past its bookkeeping.

#include "platform/held_child.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/linux/proc_files.h"
#include "platform/process_handle.h"
#include "platform/unique_fd.h"

namespace tallyman::platform {
namespace {

using Step = LaunchFailure::Step;

// Where the child keeps its end of the gate.
constexpr int kGateFd = 3;

// What a child that cannot run its program writes into the gate.
struct Report {
  int32_t step;
  int32_t error;
};

// struct clone_args of linux/sched.h, as far as Linux 5.7 knows it.
struct CloneArguments {
  uint64_t flags = 0;
  uint64_t pidfd = 0;
  uint64_t child_tid = 0;
  uint64_t parent_tid = 0;
  uint64_t exit_signal = 0;
  uint64_t stack = 0;
  uint64_t stack_size = 0;
  uint64_t tls = 0;
  uint64_t set_tid = 0;
  uint64_t set_tid_size = 0;
  uint64_t cgroup = 0;
};
constexpr uint64_t kCloneIntoCgroup = uint64_t{1} << 33;

// The program as exec wants it, made before the fork.
struct Program {
  const LaunchSpec& spec;
  std::vector<char*> arguments;
  std::vector<char*> environment;
};

// A message in pieces: `before`, `name` in quotes, a colon and the error.
struct Words {
  std::string_view before;
  std::string_view name;
};

Words WordsOf(Step step, const LaunchSpec& spec) {
  const std::string_view program =
      spec.arguments.empty() ? std::string_view() : spec.arguments.front();
  switch (step) {
    case Step::kSetUp:
      return {"can't prepare", program};
    case Step::kLimits:
      return {"can't set the resource limits of", program};
    case Step::kCredentials:
      return {"can't take on the user and groups of", program};
    case Step::kDirectory:
      return {"can't enter the directory", spec.directory};
    case Step::kExec:
      break;
  }
  return {"can't execute", program};
}

// ------------------------------------------------------------- in the child

// What strerror_r(3) returns in either of its versions.
[[maybe_unused]] const char* Described(const char* result,
                                       const char* /*buffer*/) {
  return result;
}
[[maybe_unused]] const char* Described(int result, const char* buffer) {
  return result == 0 ? buffer : "unknown error";
}

// Says what went wrong, to the gate's holder and in the output; and ends.
[[noreturn]] void Fail(int gate, const LaunchSpec& spec, Step step, int error) {
  std::array<char, 128> buffer;
  const std::string_view text =
      Described(strerror_r(error, buffer.data(), buffer.size()), buffer.data());
  const Words words = WordsOf(step, spec);
  const std::array<std::string_view, 7> pieces = {
      "tallyman: ", words.before, " \"", words.name, "\": ", text, "\n"};
  std::array<iovec, pieces.size()> vector;
  for (size_t i = 0; i < pieces.size(); ++i) {
    vector[i] = {.iov_base = const_cast<char*>(pieces[i].data()),
                 .iov_len = pieces[i].size()};
  }
  (void)!writev(STDERR_FILENO, vector.data(), vector.size());
  const Report report = {.step = static_cast<int32_t>(step), .error = error};
  (void)!send(gate, &report, sizeof(report), MSG_NOSIGNAL);
  _exit(step == Step::kExec && error == ENOENT ? 127 : 126);
}

// No signal is handled, ignored or blocked.
void ResetSignals() {
  // The kernel's own struct sigaction, all zero: SIG_DFL. sigaction(3) leaves
  // out the two signals that the C library keeps for itself, which some parents
  // ignore (Java does). Fails for SIGKILL and SIGSTOP.
  const std::array<uint64_t, 4> by_default = {};
  for (int signal = 1; signal < NSIG; ++signal) {
    syscall(SYS_rt_sigaction, signal, by_default.data(), nullptr,
            sizeof(uint64_t));
  }
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

// Closes every descriptor above kGateFd. 0 or an errno.
int CloseOthers() {
  if (syscall(SYS_close_range, kGateFd + 1, UINT_MAX, 0) == 0) return 0;
  // Before Linux 5.9, or not allowed.
  const UniqueFd list(
      open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!list.valid()) return errno;
  const absl::StatusOr<std::vector<int32_t>> numbers = ReadPids(list.get());
  if (!numbers.ok()) return EMFILE;
  for (const int32_t fd : *numbers) {
    if (fd > kGateFd && fd != list.get()) close(fd);
  }
  return 0;
}

// A duplicate of `fd` that is none of the standard ones. -1 with errno.
int AboveStandard(int fd) {
  return fd > STDERR_FILENO ? fd : fcntl(fd, F_DUPFD_CLOEXEC, kGateFd);
}

// Makes `gate` descriptor kGateFd, gives the others their places and closes all
// the rest. 0 or an errno; `gate` can be written to in any case.
int ArrangeDescriptors(int& gate, int output) {
  output = AboveStandard(output);
  const int high_gate = AboveStandard(gate);
  if (output < 0 || high_gate < 0) return errno;
  gate = high_gate;
  close(STDIN_FILENO);
  // The lowest free number is 0.
  const int input = open("/dev/null", O_RDONLY);
  if (input != STDIN_FILENO) return input < 0 ? errno : EBADF;
  if (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0) {
    return errno;
  }
  if (gate != kGateFd) {
    if (dup3(gate, kGateFd, O_CLOEXEC) < 0) return errno;
    gate = kGateFd;
  }
  // It may have been handed over without the flag.
  if (fcntl(gate, F_SETFD, FD_CLOEXEC) < 0) return errno;
  return CloseOthers();
}

int SetLimit(int resource, const std::optional<int64_t>& limit) {
  if (!limit) return 0;
  const auto value = static_cast<rlim_t>(*limit);
  const rlimit both = {.rlim_cur = value, .rlim_max = value};
  return setrlimit(resource, &both) == 0 ? 0 : errno;
}

int SetLimits(const ResourceLimits& limits) {
  if (const int error = SetLimit(RLIMIT_CPU, limits.cpu_seconds)) return error;
  if (const int error = SetLimit(RLIMIT_NOFILE, limits.open_files)) {
    return error;
  }
  return SetLimit(RLIMIT_AS, limits.memory_bytes);
}

// The numbers of the calls that take 32-bit ids everywhere.
#ifdef SYS_setresuid32
constexpr int kSetGroups = SYS_setgroups32;
constexpr int kSetGids = SYS_setresgid32;
constexpr int kSetUids = SYS_setresuid32;
#else
constexpr int kSetGroups = SYS_setgroups;
constexpr int kSetGids = SYS_setresgid;
constexpr int kSetUids = SYS_setresuid;
#endif

int TakeCredentials(const Credentials& who) {
  if (syscall(kSetGroups, who.groups.size(), who.groups.data()) != 0 ||
      syscall(kSetGids, who.gid, who.gid, who.gid) != 0 ||
      syscall(kSetUids, who.uid, who.uid, who.uid) != 0) {
    return errno;
  }
  return 0;
}

// True once the gate has been released, false if it was closed.
bool AwaitRelease(int gate) {
  char byte = 0;
  while (true) {
    const ssize_t got = read(gate, &byte, 1);
    if (got == 1) return true;
    if (got == 0 || errno != EINTR) return false;
  }
}

[[noreturn]] void RunChild(const Program& program, int gate, int output) {
  const LaunchSpec& spec = program.spec;
  setsid();
  ResetSignals();
  umask(022);
  // At once, not when the gate is released: the gate's other side may still be
  // open in here, and no closing would be seen.
  if (const int error = ArrangeDescriptors(gate, output)) {
    Fail(gate, spec, Step::kSetUp, error);
  }
  if (!AwaitRelease(gate)) _exit(kNeverReleasedExitCode);
  if (const int error = SetLimits(spec.limits)) {
    Fail(gate, spec, Step::kLimits, error);
  }
  if (spec.credentials) {
    if (const int error = TakeCredentials(*spec.credentials)) {
      Fail(gate, spec, Step::kCredentials, error);
    }
  }
  if (chdir(spec.directory.empty() ? "/" : spec.directory.c_str()) != 0) {
    Fail(gate, spec, Step::kDirectory, errno);
  }
  environ = const_cast<char**>(program.environment.data());
  execvp(program.arguments[0], program.arguments.data());
  Fail(gate, spec, Step::kExec, errno);
}

// ------------------------------------------------------------ in the parent

// Pointers to `strings`, and a null at the end.
std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& string : strings) {
    pointers.push_back(const_cast<char*>(string.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

bool HasNul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

absl::Status CheckSpec(const LaunchSpec& spec) {
  if (spec.arguments.empty()) {
    return absl::InvalidArgumentError("a program to start has no arguments");
  }
  if (std::any_of(spec.arguments.begin(), spec.arguments.end(), HasNul) ||
      std::any_of(spec.environment.begin(), spec.environment.end(), HasNul) ||
      HasNul(spec.directory)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "an argument, a variable or the directory of \"",
        spec.arguments.front().c_str(), "\" contains a NUL character"));
  }
  for (const std::optional<int64_t>& limit :
       {spec.limits.cpu_seconds, spec.limits.memory_bytes,
        spec.limits.open_files}) {
    if (limit && *limit < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("a resource limit of \"", spec.arguments.front(),
                       "\" is negative: ", *limit));
    }
  }
  return absl::OkStatus();
}

absl::Status ForkError(int error) {
  const absl::Status status =
      absl::ErrnoToStatus(error, "cannot fork a process");
  if (IsExhaustion(error)) return absl::UnavailableError(status.message());
  if (error == EAGAIN) {
    return absl::UnavailableError(absl::StrCat(
        status.message(),
        "; the limit on processes (ulimit -u, pids.max) is used up"));
  }
  return absl::InternalError(status.message());
}

// Moves `pid` into the cgroup whose directory `cgroup` is.
absl::Status EnterCgroup(int cgroup, pid_t pid) {
  const UniqueFd file(openat(cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC));
  const std::string text = absl::StrCat(pid);
  if (file.valid() && write(file.get(), text.data(), text.size()) ==
                          static_cast<ssize_t>(text.size())) {
    return absl::OkStatus();
  }
  const absl::Status status = absl::ErrnoToStatus(
      errno, absl::StrCat("cannot move process ", pid, " into its cgroup"));
  return absl::InternalError(status.message());
}

// fork(2), in `cgroup` if there is one; `moved` is false if the child still has
// to be moved there.
pid_t Fork(int cgroup, bool& moved) {
  moved = true;
  if (cgroup >= 0) {
    CloneArguments arguments = {.flags = kCloneIntoCgroup,
                                .exit_signal = SIGCHLD,
                                .cgroup = static_cast<uint64_t>(cgroup)};
    const auto pid =
        static_cast<pid_t>(syscall(SYS_clone3, &arguments, sizeof(arguments)));
    if (pid >= 0 || errno == EAGAIN || errno == ENOMEM) return pid;
    // An older kernel, a filter of system calls, or no right to it.
    moved = false;
  }
  return fork();
}

// Ends a child that nobody has waited for.
void Abandon(pid_t pid) {
  kill(pid, SIGKILL);
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

absl::StatusOr<ProcessIdentity> ForkHeld(const LaunchSpec& spec,
                                         const LaunchDescriptors& descriptors) {
  if (absl::Status status = CheckSpec(spec); !status.ok()) return status;
  const Program program = {.spec = spec,
                           .arguments = Pointers(spec.arguments),
                           .environment = Pointers(spec.environment)};
  // Closed in the child when it has left the caller's session and has closed
  // what it does not need, or has ended.
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return ForkError(errno);
  const UniqueFd ready(ends[0]);
  UniqueFd child_end(ends[1]);

  // No handler of the caller may run in the child.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  bool moved = true;
  const pid_t pid = Fork(descriptors.cgroup, moved);
  const int error = errno;
  if (pid == 0) RunChild(program, descriptors.gate, descriptors.output);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return ForkError(error);
  child_end.reset();
  char byte = 0;
  while (read(ready.get(), &byte, 1) < 0 && errno == EINTR) {
  }

  if (!moved) {
    if (absl::Status status = EnterCgroup(descriptors.cgroup, pid);
        !status.ok()) {
      Abandon(pid);
      return status;
    }
  }
  absl::StatusOr<ProcessIdentity> identity = IdentifyProcess(pid);
  if (!identity.ok()) Abandon(pid);
  return identity;
}

std::string LaunchFailure::Message(const LaunchSpec& spec) const {
  const Words words = WordsOf(step, spec);
  return std::string(
      absl::ErrnoToStatus(error,
                          absl::StrCat(words.before, " \"", words.name, "\""))
          .message());
}

absl::StatusOr<Gate> Gate::Create() {
  std::array<int, 2> ends;
  // Packets, so that a report comes as a whole.
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    const int error = errno;
    absl::Status status =
        absl::ErrnoToStatus(error, "cannot create a socket pair");
    if (!IsExhaustion(error)) return status;
    return absl::UnavailableError(status.message());
  }
  return Gate(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

absl::Status Gate::Release() {
  constexpr char kByte = 'r';
  while (true) {
    if (send(fd_.get(), &kByte, 1, MSG_NOSIGNAL) == 1) return absl::OkStatus();
    // The child has failed, or was killed: Outcome() tells.
    if (errno == EPIPE || errno == ECONNRESET) return absl::OkStatus();
    if (errno != EINTR) {
      return absl::ErrnoToStatus(errno, "cannot release a held child");
    }
  }
}

Gate::State Gate::Outcome() {
  if (failure_.error != 0) return State::kFailed;
  Report report = {};
  while (true) {
    const ssize_t got = recv(fd_.get(), &report, sizeof(report), MSG_DONTWAIT);
    if (got == sizeof(report)) break;
    if (got >= 0) return State::kRunning;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return State::kPending;
    // A child that ended without reading the release; a report of it may come
    // after that.
    if (errno != EINTR && errno != ECONNRESET) return State::kRunning;
  }
  failure_.step =
      report.step >= 0 && report.step <= static_cast<int32_t>(Step::kExec)
          ? static_cast<Step>(report.step)
          : Step::kSetUp;
  failure_.error = report.error != 0 ? report.error : EIO;
  return State::kFailed;
}

}  // namespace tallyman::platform
