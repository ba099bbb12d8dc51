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

// Where the child keeps its end of the gate.
constexpr int kGateFd = 3;

constexpr char kShell[] = "/bin/sh";
// Where execvp(3) looks without a PATH.
constexpr std::string_view kDefaultPath = "/bin:/usr/bin";

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

// Says what went wrong, to the gate's holder and in the output; and ends.
[[noreturn]] void Fail(int gate, const LaunchSpec& spec, Step step, int error) {
  // Not strerror(3), which may translate and so allocate.
  const char* const known = strerrordesc_np(error);
  const std::string_view text = known == nullptr ? "unknown error" : known;
  const LaunchWords words = WordsOf(step, spec);
  const std::array<std::string_view, 7> pieces = {
      "tallyman: ", words.before, " \"", words.name, "\": ", text, "\n"};
  std::array<iovec, pieces.size()> vector;
  for (size_t i = 0; i < pieces.size(); ++i) {
    vector[i] = {.iov_base = const_cast<char*>(pieces[i].data()),
                 .iov_len = pieces[i].size()};
  }
  RawCall(SYS_writev, STDERR_FILENO, vector.data(), vector.size());
  const LaunchReport report = {.step = static_cast<int32_t>(step),
                               .error = error};
  RawCall(SYS_sendto, gate, &report, sizeof(report), MSG_NOSIGNAL, 0L, 0);
  const int code = step == Step::kExec && error == ENOENT ? 127 : 126;
  while (true) RawCall(SYS_exit_group, code);
}

[[noreturn]] void End(int code) {
  while (true) RawCall(SYS_exit_group, code);
}

// No signal is handled, ignored or blocked.
void ResetSignals(uint64_t ignored) {
  // The kernel's own struct sigaction and set of signals, all zero: SIG_DFL.
  // sigaction(3) leaves out the two signals that the C library keeps for
  // itself, which some parents ignore (Java does).
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
  // Before Linux 5.9, or not allowed. The list is in order, and what is closed
  // while it is read is passed over.
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
      int fd = -1;  // What "." and ".." leave it.
      std::from_chars(name.data(), name.data() + name.size(), fd);
      if (fd > kGateFd && fd != list) RawCall(SYS_close, fd);
      at += entry->d_reclen;
    }
  }
  RawCall(SYS_close, list);
  return 0;
}

// A duplicate of `fd` that is none of the standard ones, or a negated errno.
int AboveStandard(int fd) {
  if (fd > STDERR_FILENO) return fd;
  return static_cast<int>(RawCall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, kGateFd));
}

// Makes `gate` descriptor kGateFd, gives the others their places and closes all
// the rest. 0 or an errno; `gate` can be written to in any case.
int ArrangeDescriptors(int& gate, int output) {
  output = AboveStandard(output);
  if (output < 0) return -output;
  const int high_gate = AboveStandard(gate);
  if (high_gate < 0) return -high_gate;
  gate = high_gate;
  RawCall(SYS_close, STDIN_FILENO);
  // The lowest free number is 0.
  const intptr_t input = RawCall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY);
  if (input < 0) return static_cast<int>(-input);
  if (input != STDIN_FILENO) return EBADF;
  for (const int standard : {STDOUT_FILENO, STDERR_FILENO}) {
    const intptr_t result = RawCall(SYS_dup3, output, standard, 0);
    if (result < 0) return static_cast<int>(-result);
  }
  if (gate == kGateFd) {
    // It may have been handed over without the flag.
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

// For this one thread; the C library would want to tell others (nptl(7)).
int TakeCredentials(const Credentials& who) {
  intptr_t result = RawCall(kSetGroups, who.groups.size(), who.groups.data());
  if (result == 0) result = RawCall(kSetGids, who.gid, who.gid, who.gid);
  if (result == 0) result = RawCall(kSetUids, who.uid, who.uid, who.uid);
  return static_cast<int>(-result);
}

// True once the gate has been released, false if it was closed.
bool AwaitRelease(int gate) {
  char byte = 0;
  while (true) {
    const intptr_t got = RawCall(SYS_read, gate, &byte, 1);
    if (got == 1) return true;
    if (got != -EINTR) return false;
  }
}

// execvp(3) with the paths that were made for it. An errno.
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

// Tells a parent in the same memory that the set-up is done.
void TellParent(std::atomic<uint32_t>& progress) {
  if (progress.exchange(kHeld) == kAwaited) {
    RawCall(SYS_futex, &progress, FUTEX_WAKE, 1, 0L, 0L, 0);
  }
}

}  // namespace

LaunchWords WordsOf(Step step, const LaunchSpec& spec) {
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
  // At once, not when the gate is released: the gate's other side may still be
  // open in here, and no closing would be seen.
  if (const int error = ArrangeDescriptors(gate, program.output)) {
    Fail(gate, spec, Step::kSetUp, error);
  }
  if (program.progress != nullptr) TellParent(*program.progress);
  if (!AwaitRelease(gate)) End(kNeverReleasedExitCode);
  if (const int error = SetLimits(spec.limits)) {
    Fail(gate, spec, Step::kLimits, error);
  }
  if (spec.credentials) {
    if (const int error = TakeCredentials(*spec.credentials)) {
      Fail(gate, spec, Step::kCredentials, error);
    }
  }
  const char* const directory =
      spec.directory.empty() ? "/" : spec.directory.c_str();
  if (const intptr_t result = RawCall(SYS_chdir, directory); result != 0) {
    Fail(gate, spec, Step::kDirectory, static_cast<int>(-result));
  }
  Fail(gate, spec, Step::kExec, Execute(program));
}

}  // namespace tallyman::platform
