#include "platform/linux/held_program.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
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

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "platform/held_child.h"
#include "platform/linux/raw_call.h"

namespace tallyman::platform {
namespace {

using Step = LaunchFailure::Step;

// The descriptor of the child's end of the gate.
constexpr int kGateFd = 3;

constexpr char kShell[] = "/bin/sh";
// The path that execvp(3) searches if there is no PATH.
constexpr std::string_view kDefaultPath = "/bin:/usr/bin";

// ------------------------------------------------------------ in the parent

// Pointers to `strings`, then a null pointer.
std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& string : strings) {
    pointers.push_back(const_cast<char*>(string.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> Paths(const LaunchSpec& spec) {
  const std::string& name = spec.arguments.front();
  if (name.empty() || absl::StrContains(name, '/')) return {name};
  std::string_view path = kDefaultPath;
  for (std::string_view variable : spec.environment) {
    if (absl::ConsumePrefix(&variable, "PATH=")) {
      path = variable;
      break;
    }
  }
  std::vector<std::string> paths;
  for (const std::string_view directory : absl::StrSplit(path, ':')) {
    paths.push_back(directory.empty() ? name
                                      : absl::StrCat(directory, "/", name));
  }
  return paths;
}

// ------------------------------------------------------------- in the child

[[noreturn]] void Exit(int code) {
  while (true) RawCall(SYS_exit_group, code);
}

// Reports the failure to the gate's holder and in the output, and exits.
[[noreturn]] void ReportAndExit(int gate, const LaunchSpec& spec, Step step,
                                int error) {
  // Not strerror(3), which may translate the text, and so allocate.
  const char* const known = strerrordesc_np(error);
  const std::string_view reason = known == nullptr ? "unknown error" : known;
  const FailureText text = TextOf(step, spec);
  const std::array<std::string_view, 7> pieces = {
      "tallyman: ", text.before, " \"", text.name, "\": ", reason, "\n"};
  std::array<iovec, pieces.size()> vector;
  for (size_t i = 0; i < pieces.size(); ++i) {
    vector[i] = {.iov_base = const_cast<char*>(pieces[i].data()),
                 .iov_len = pieces[i].size()};
  }
  RawCall(SYS_writev, STDERR_FILENO, vector.data(), vector.size());
  const LaunchReport report = {.step = static_cast<int32_t>(step),
                               .error = error};
  RawCall(SYS_sendto, gate, &report, sizeof(report), MSG_NOSIGNAL, 0L, 0);
  // The exit codes of a shell for these errors.
  Exit(step == Step::kExec && error == ENOENT ? 127 : 126);
}

// Sets all signals to their default action, and blocks none.
void ResetSignals(uint64_t ignored) {
  // The kernel's own struct sigaction and signal set, all zero: SIG_DFL. The
  // system call, since sigaction(3) refuses the two signals that the C library
  // reserves, and some parents ignore those (Java does).
  const std::array<uint64_t, 4> by_default = {};
  for (int signal = 1; ignored != 0; ++signal, ignored >>= 1) {
    if ((ignored & 1) == 0) continue;
    RawCall(SYS_rt_sigaction, signal, by_default.data(), 0L, sizeof(uint64_t));
  }
  RawCall(SYS_rt_sigprocmask, SIG_SETMASK, by_default.data(), 0L,
          sizeof(uint64_t));
}

// Closes every descriptor above kGateFd. 0 or an errno.
int CloseOthers() {
  if (RawCall(SYS_close_range, kGateFd + 1, UINT_MAX, 0) == 0) return 0;
  // Before Linux 5.9, or the call is not allowed. The kernel lists descriptors
  // in ascending order, so closing the listed ones does not disturb the list.
  const auto list =
      static_cast<int>(RawCall(SYS_openat, AT_FDCWD, "/proc/self/fd",
                               O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (list < 0) return -list;
  alignas(dirent64) std::array<char, 1024> buffer;
  while (true) {
    const intptr_t got =
        RawCall(SYS_getdents64, list, buffer.data(), buffer.size());
    if (got < 0) return static_cast<int>(-got);
    if (got == 0) break;
    for (intptr_t at = 0; at < got;) {
      const auto* const entry =
          reinterpret_cast<const dirent64*>(buffer.data() + at);
      const std::string_view name = entry->d_name;
      int fd = -1;  // Stays for "." and "..".
      std::from_chars(name.data(), name.data() + name.size(), fd);
      if (fd > kGateFd && fd != list) RawCall(SYS_close, fd);
      at += entry->d_reclen;
    }
  }
  RawCall(SYS_close, list);
  return 0;
}

// `fd`, or a duplicate if it is one of the standard descriptors; a negated
// errno if that fails.
int MoveAboveStandard(int fd) {
  if (fd > STDERR_FILENO) return fd;
  return static_cast<int>(RawCall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, kGateFd));
}

// Sets up the standard descriptors, moves `gate` to kGateFd and closes all
// other descriptors. 0 or an errno; `gate` is valid in both cases.
int ArrangeDescriptors(int& gate, int output) {
  output = MoveAboveStandard(output);
  if (output < 0) return -output;
  const int high_gate = MoveAboveStandard(gate);
  if (high_gate < 0) return -high_gate;
  gate = high_gate;
  RawCall(SYS_close, STDIN_FILENO);
  // open(2) returns the lowest free number, 0.
  const intptr_t input = RawCall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY);
  if (input < 0) return static_cast<int>(-input);
  if (input != STDIN_FILENO) return EBADF;
  for (const int standard : {STDOUT_FILENO, STDERR_FILENO}) {
    const intptr_t result = RawCall(SYS_dup3, output, standard, 0);
    if (result < 0) return static_cast<int>(-result);
  }
  if (gate == kGateFd) {
    // The caller may have opened it without close-on-exec.
    const intptr_t result = RawCall(SYS_fcntl, gate, F_SETFD, FD_CLOEXEC);
    if (result < 0) return static_cast<int>(-result);
  } else {
    const intptr_t result = RawCall(SYS_dup3, gate, kGateFd, O_CLOEXEC);
    if (result < 0) return static_cast<int>(-result);
    gate = kGateFd;
  }
  return CloseOthers();
}

int SetLimit(int resource, const std::optional<int64_t>& limit) {
  if (!limit) return 0;
  // The kernel's own struct rlimit64.
  const auto value = static_cast<uint64_t>(*limit);
  const std::array<uint64_t, 2> soft_and_hard = {value, value};
  return static_cast<int>(
      -RawCall(SYS_prlimit64, 0, resource, soft_and_hard.data(), 0L));
}

int SetLimits(const ResourceLimits& limits) {
  if (const int error = SetLimit(RLIMIT_CPU, limits.cpu_seconds)) return error;
  if (const int error = SetLimit(RLIMIT_NOFILE, limits.open_files)) {
    return error;
  }
  return SetLimit(RLIMIT_AS, limits.memory_bytes);
}

// The system calls that take 32-bit ids on every architecture.
#ifdef SYS_setresuid32
constexpr int kSetGroups = SYS_setgroups32;
constexpr int kSetGids = SYS_setresgid32;
constexpr int kSetUids = SYS_setresuid32;
#else
constexpr int kSetGroups = SYS_setgroups;
constexpr int kSetGids = SYS_setresgid;
constexpr int kSetUids = SYS_setresuid;
#endif

// System calls, which change this thread only: the C library's functions would
// also change the parent's threads, which it finds in the shared memory
// (nptl(7)).
int ApplyCredentials(const Credentials& to) {
  intptr_t result = RawCall(kSetGroups, to.groups.size(), to.groups.data());
  if (result == 0) result = RawCall(kSetGids, to.gid, to.gid, to.gid);
  if (result == 0) result = RawCall(kSetUids, to.uid, to.uid, to.uid);
  return static_cast<int>(-result);
}

// Waits. True once the gate is released, false if it is closed.
bool AwaitRelease(int gate) {
  char byte = 0;
  while (true) {
    const intptr_t got = RawCall(SYS_read, gate, &byte, 1);
    if (got == 1) return true;
    if (got != -EINTR) return false;
  }
}

// execvp(3) with the prepared paths. Returns only on failure, with an errno.
int Execute(HeldProgram& program) {
  int error = ENOENT;
  bool forbidden = false;
  for (const std::string& path : program.paths) {
    const auto execute = [&](const char* file, char* const* arguments) {
      return static_cast<int>(
          -RawCall(SYS_execve, file, arguments, program.environment.data()));
    };
    error = execute(path.c_str(), program.arguments.data());
    if (error == ENOEXEC) {
      program.shell_arguments[1] = const_cast<char*>(path.c_str());
      error = execute(kShell, program.shell_arguments.data());
    }
    switch (error) {
      case EACCES:
        forbidden = true;
        break;
      case ENOENT:
      case ESTALE:
      case ENOTDIR:
      case ENODEV:
      case ETIMEDOUT:
        break;
      default:
        return error;
    }
  }
  return forbidden ? EACCES : error;
}

// Reports to a parent that shares the memory that the child is set up.
void NotifyParent(std::atomic<uint32_t>& progress) {
  if (progress.exchange(kHeld) == kAwaited) {
    RawCall(SYS_futex, &progress, FUTEX_WAKE, 1, 0L, 0L, 0);
  }
}

}  // namespace

FailureText TextOf(Step step, const LaunchSpec& spec) {
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

HeldProgram::HeldProgram(LaunchSpec launch_spec)
    : spec(std::move(launch_spec)),
      arguments(Pointers(spec.arguments)),
      environment(Pointers(spec.environment)),
      paths(Paths(spec)),
      shell_arguments({const_cast<char*>(kShell), nullptr}) {
  shell_arguments.insert(shell_arguments.end(), arguments.begin() + 1,
                         arguments.end());
}

void RunHeldProgram(HeldProgram& program) {
  const LaunchSpec& spec = program.spec;
  int gate = program.gate;
  RawCall(SYS_setsid);
  ResetSignals(program.ignored_signals);
  RawCall(SYS_umask, 022);
  // Before waiting at the gate: while this process still has a copy of the
  // gate's other end, it would not see that the holder closes the gate.
  if (const int error = ArrangeDescriptors(gate, program.output)) {
    ReportAndExit(gate, spec, Step::kSetUp, error);
  }
  if (program.progress != nullptr) NotifyParent(*program.progress);
  if (!AwaitRelease(gate)) Exit(kNeverReleasedExitCode);
  if (const int error = SetLimits(spec.limits)) {
    ReportAndExit(gate, spec, Step::kLimits, error);
  }
  if (spec.credentials) {
    if (const int error = ApplyCredentials(*spec.credentials)) {
      ReportAndExit(gate, spec, Step::kCredentials, error);
    }
  }
  const char* const directory =
      spec.directory.empty() ? "/" : spec.directory.c_str();
  if (const intptr_t result = RawCall(SYS_chdir, directory); result != 0) {
    ReportAndExit(gate, spec, Step::kDirectory, static_cast<int>(-result));
  }
  ReportAndExit(gate, spec, Step::kExec, Execute(program));
}

}  // namespace tallyman::platform
