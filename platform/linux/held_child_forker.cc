// Linux: forks with clone3(2) and shared memory, or with fork(2).

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/unique_fd.h"
#include "platform/held_child.h"
#include "platform/linux/child_memory.h"
#include "platform/linux/held_program.h"
#include "platform/linux/proc_files.h"
#include "platform/linux/raw_call.h"
#include "platform/process_handle.h"

namespace tallyman::platform {
namespace {

// struct clone_args of linux/sched.h, with the fields of Linux 5.7.
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
constexpr uint64_t kCloneVm = 0x100;
constexpr uint64_t kCloneChildClearTid = 0x200000;
constexpr uint64_t kCloneClearSighand = uint64_t{1} << 32;
constexpr uint64_t kCloneIntoCgroup = uint64_t{1} << 33;

constexpr uint64_t kAllSignals = ~uint64_t{0};

// How often CurrentTicks() must agree with /proc before it is used instead.
constexpr int kClockTrials = 8;

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
  const base::UniqueFd file(
      openat(cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC));
  const std::string text = absl::StrCat(pid);
  if (file.valid() && write(file.get(), text.data(), text.size()) ==
                          static_cast<ssize_t>(text.size())) {
    return absl::OkStatus();
  }
  const absl::Status status = absl::ErrnoToStatus(
      errno, absl::StrCat("cannot move process ", pid, " into its cgroup"));
  return absl::InternalError(status.message());
}

// Kills a child and reaps it.
void KillAndReap(pid_t pid) {
  kill(pid, SIGKILL);
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

// fork(2), into `cgroup` if it is not -1. Sets `in_cgroup` to false if the
// caller has to move the child there. Returns as fork(2) does.
pid_t ForkInto(int cgroup, bool& in_cgroup) {
  in_cgroup = true;
  if (cgroup >= 0) {
    CloneArguments arguments = {.flags = kCloneIntoCgroup,
                                .exit_signal = SIGCHLD,
                                .cgroup = static_cast<uint64_t>(cgroup)};
    const auto pid =
        static_cast<pid_t>(syscall(SYS_clone3, &arguments, sizeof(arguments)));
    if (pid >= 0 || errno == EAGAIN || errno == ENOMEM) return pid;
    // An older kernel, a filter of system calls, or no permission.
    in_cgroup = false;
  }
  return fork();
}

// The signals that the process ignores: bit n - 1 for signal n.
uint64_t IgnoredSignals() {
  uint64_t ignored = 0;
  for (int signal = 1; signal <= 64; ++signal) {
    // The kernel's own struct sigaction, which begins with the handler. The
    // system call also shows the signals that sigaction(3) hides.
    std::array<uint64_t, 4> action = {};
    if (syscall(SYS_rt_sigaction, signal, nullptr, action.data(),
                sizeof(uint64_t)) == 0 &&
        action[0] == reinterpret_cast<uint64_t>(SIG_IGN)) {
      ignored |= uint64_t{1} << (signal - 1);
    }
  }
  return ignored;
}

// The start time, in clock ticks, of a process that is forked now: the kernel
// divides the time of CLOCK_BOOTTIME in the same way (field 22 of
// proc_pid_stat(5)). -1 if unknown.
int64_t CurrentTicks() {
  static const int64_t kNanosecondsPerTick = [] {
    const int64_t per_second = sysconf(_SC_CLK_TCK);
    return per_second > 0 && 1'000'000'000 % per_second == 0
               ? 1'000'000'000 / per_second
               : 0;
  }();
  timespec now;
  if (kNanosecondsPerTick == 0 || clock_gettime(CLOCK_BOOTTIME, &now) != 0) {
    return -1;
  }
  return (int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec) /
         kNanosecondsPerTick;
}

// Before Linux 5.16 a core dump of one process ends all that share its memory
// (the kernel's commit 0258b5fd7c71).
bool IsSharingMemorySafe() {
  utsname system;
  if (!kCanShareMemory || uname(&system) != 0) return false;
  int major = 0;
  int minor = 0;
  const char* const end = system.release + std::strlen(system.release);
  const auto [dot, error] = std::from_chars(system.release, end, major);
  if (error != std::errc() || dot == end || *dot != '.') return false;
  if (std::from_chars(dot + 1, end, minor).ec != std::errc()) return false;
  return major > 5 || (major == 5 && minor >= 16);
}

}  // namespace

struct HeldChildForker::State {
  // Both return a pid or a negated errno; `in_cgroup` as in ForkInto().
  pid_t ForkSharing(ChildMemory& shared,
                    const LaunchDescriptors& descriptors) const;
  pid_t ForkCopying(const LaunchSpec& spec,
                    const LaunchDescriptors& descriptors, bool& in_cgroup);
  // Memory that no child uses, from `child_memory` or new; null if the process
  // is out of memory.
  ChildMemory* UnusedMemory();

  absl::StatusOr<ProcessIdentity> Identify(pid_t pid, int64_t ticks_before,
                                           int64_t ticks_after);

  const uint64_t ignored_signals = IgnoredSignals();
  const bool may_share = IsSharingMemorySafe();
  // How often in a row CurrentTicks() agreed with /proc/PID/stat.
  int clock_matches = 0;
  std::vector<std::unique_ptr<ChildMemory>> child_memory;
  // Children that may still be setting themselves up: those that share memory,
  // and for each other child a pipe whose other end the child closes when it is
  // set up.
  std::map<pid_t, ChildMemory*> sharing;
  std::map<pid_t, base::UniqueFd> copying;
};

ChildMemory* HeldChildForker::State::UnusedMemory() {
  ChildMemory* unused = nullptr;
  for (const std::unique_ptr<ChildMemory>& each : child_memory) {
    if (each->progress.load(std::memory_order_acquire) != kGone) continue;
    // A spec holds an environment, perhaps with secrets: drop it early.
    each->program.reset();
    unused = each.get();
  }
  if (unused != nullptr) return unused;
  std::unique_ptr<ChildStack> stack = ChildStack::Allocate();
  if (stack == nullptr) return nullptr;
  return child_memory
      .emplace_back(std::make_unique<ChildMemory>(std::move(stack)))
      .get();
}

pid_t HeldChildForker::State::ForkSharing(
    ChildMemory& shared, const LaunchDescriptors& descriptors) const {
#if TALLYMAN_CAN_SHARE_MEMORY
  HeldProgram& program = *shared.program;
  program.gate = descriptors.gate;
  program.output = descriptors.output;
  program.ignored_signals = ignored_signals;
  program.progress = &shared.progress;
  CloneArguments arguments = {
      .flags = kCloneVm | kCloneClearSighand | kCloneChildClearTid,
      .child_tid = reinterpret_cast<uint64_t>(&shared.progress),
      .exit_signal = SIGCHLD,
      .stack = shared.stack->begin(),
      .stack_size = ChildStack::kBytes};
  if (descriptors.cgroup >= 0) {
    arguments.flags |= kCloneIntoCgroup;
    arguments.cgroup = static_cast<uint64_t>(descriptors.cgroup);
  }
  shared.progress = kSettingUp;
  const intptr_t pid = CloneSharingMemory(
      &arguments, sizeof(arguments),
      [](void* held) { RunHeldProgram(*static_cast<HeldProgram*>(held)); },
      &program);
  if (pid < 0) shared.progress = kGone;
  return static_cast<pid_t>(pid);
#else
  (void)shared;
  (void)descriptors;
  return -ENOSYS;
#endif
}

pid_t HeldChildForker::State::ForkCopying(const LaunchSpec& spec,
                                          const LaunchDescriptors& descriptors,
                                          bool& in_cgroup) {
  HeldProgram program(spec);
  program.gate = descriptors.gate;
  program.output = descriptors.output;
  program.ignored_signals = kAllSignals;  // Handled signals too.
  // The child closes its end of this pipe with all other descriptors, at the
  // end of its set-up; or the kernel does, if the child ends.
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return -errno;
  base::UniqueFd ready(ends[0]);
  const base::UniqueFd child_end(ends[1]);

  // No handler of the caller may run in the child.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ForkInto(descriptors.cgroup, in_cgroup);
  const int error = errno;
  if (pid == 0) RunHeldProgram(program);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return -error;
  copying[pid] = std::move(ready);
  return pid;
}

// `ticks_before` and `ticks_after` are CurrentTicks() before and after the
// fork.
absl::StatusOr<ProcessIdentity> HeldChildForker::State::Identify(
    pid_t pid, int64_t ticks_before, int64_t ticks_after) {
  const bool is_certain = ticks_before == ticks_after && ticks_before >= 0;
  if (is_certain && clock_matches >= kClockTrials) {
    absl::StatusOr<std::string> boot_id = BootId();
    if (!boot_id.ok()) return boot_id.status();
    return ProcessIdentity{.boot_id = *std::move(boot_id),
                           .pid = pid,
                           .start_ticks = ticks_before};
  }
  absl::StatusOr<ProcessIdentity> identity = IdentifyProcess(pid);
  // A system that imitates Linux (gVisor) may count from another moment.
  if (is_certain && identity.ok()) {
    clock_matches =
        identity->start_ticks == ticks_before ? clock_matches + 1 : 0;
  }
  return identity;
}

HeldChildForker::HeldChildForker() : state_(std::make_unique<State>()) {}

HeldChildForker::~HeldChildForker() {
  for (std::unique_ptr<ChildMemory>& each : state_->child_memory) {
    // Leaked: a child still uses it.
    if (each->progress.load() != kGone) (void)each.release();
  }
}

absl::StatusOr<ProcessIdentity> HeldChildForker::Fork(
    const LaunchSpec& spec, const LaunchDescriptors& descriptors) {
  if (absl::Status status = CheckSpec(spec); !status.ok()) return status;
  pid_t pid = -ENOSYS;
  bool in_cgroup = true;
  const int64_t ticks_before = CurrentTicks();
  // A process of another user must never have this process's memory.
  ChildMemory* const shared =
      state_->may_share && !spec.credentials ? state_->UnusedMemory() : nullptr;
  if (shared != nullptr) {
    shared->program.emplace(spec);
    pid = state_->ForkSharing(*shared, descriptors);
    if (pid > 0) state_->sharing[pid] = shared;
  }
  // An older kernel, a filter of system calls, or no permission for the cgroup.
  if (pid < 0 && pid != -EAGAIN && pid != -ENOMEM) {
    pid = state_->ForkCopying(spec, descriptors, in_cgroup);
  }
  const int64_t ticks_after = CurrentTicks();
  if (pid < 0) return ForkError(-pid);

  absl::Cleanup abandon = [&] {
    state_->sharing.erase(pid);
    state_->copying.erase(pid);
    KillAndReap(pid);
  };
  if (!in_cgroup) {
    if (absl::Status status = EnterCgroup(descriptors.cgroup, pid);
        !status.ok()) {
      return status;
    }
  }
  absl::StatusOr<ProcessIdentity> identity =
      state_->Identify(pid, ticks_before, ticks_after);
  if (identity.ok()) std::move(abandon).Cancel();
  return identity;
}

bool HeldChildForker::IsSetUp(int32_t pid) {
  if (const auto found = state_->sharing.find(pid);
      found != state_->sharing.end()) {
    const uint32_t progress = found->second->progress.load();
    if (progress == kSettingUp || progress == kAwaited) return false;
    state_->sharing.erase(found);
    return true;
  }
  const auto found = state_->copying.find(pid);
  if (found == state_->copying.end()) return true;
  pollfd watched = {.fd = found->second.get(), .events = POLLIN};
  if (poll(&watched, 1, 0) <= 0) return false;
  state_->copying.erase(found);
  return true;
}

void HeldChildForker::AwaitSetUp(int32_t pid) {
  while (!IsSetUp(pid)) {
    if (const auto found = state_->sharing.find(pid);
        found != state_->sharing.end()) {
      std::atomic<uint32_t>& progress = found->second->progress;
      uint32_t expected = kSettingUp;
      progress.compare_exchange_strong(expected, kAwaited);
      // Not FUTEX_PRIVATE_FLAG: the kernel's wake-up, when the child executes
      // its program or ends, is for a shared futex (set_tid_address(2)).
      syscall(SYS_futex, &progress, FUTEX_WAIT, kAwaited, nullptr, nullptr, 0);
      continue;
    }
    pollfd watched = {.fd = state_->copying.at(pid).get(), .events = POLLIN};
    poll(&watched, 1, -1);
  }
}

}  // namespace tallyman::platform
