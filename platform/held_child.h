// Starts a program in two steps: a child is forked and waits; whoever holds the
// other end of its socket decides whether it ever runs the program. So its
// identity can be made durable before it does anything.
//
//   HeldChildForker forker;
//   absl::StatusOr<Gate> gate = Gate::Create();
//   absl::StatusOr<ProcessIdentity> child = forker.Fork(spec, ends);
//   forker.AwaitSetUp(child->pid);
//   ... write the identity down ...
//   gate->Release();
//   poll(gate->fd()) ; gate->Outcome()   // running, or why not
//
// Who forks and who holds the gate may be two processes: the gate's other end
// and the output travel as descriptors (SCM_RIGHTS).

#ifndef TALLYMAN_PLATFORM_HELD_CHILD_H_
#define TALLYMAN_PLATFORM_HELD_CHILD_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"
#include "platform/process_handle.h"

namespace tallyman::platform {

// Exit code of a child whose gate was closed before it was released: it has
// never run its program. (A program could exit with it as well.)
inline constexpr int kNeverReleasedExitCode = 86;

// Whom a program runs as.
struct Credentials {
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::vector<uint32_t> groups;  // Supplementary groups.
  bool operator==(const Credentials&) const = default;
};

// setrlimit(2); nullopt leaves what the caller has. Soft and hard limit alike.
struct ResourceLimits {
  std::optional<int64_t> cpu_seconds;   // RLIMIT_CPU
  std::optional<int64_t> memory_bytes;  // RLIMIT_AS
  std::optional<int64_t> open_files;    // RLIMIT_NOFILE
  bool operator==(const ResourceLimits&) const = default;
};

// The program, as plain values.
struct LaunchSpec {
  // Not empty. argv[0] is looked up in the PATH of `environment` if it has no
  // slash (execvp(3)).
  std::vector<std::string> arguments;
  // All of the environment, as NAME=VALUE.
  std::vector<std::string> environment;
  std::string directory;  // Where it starts; "" is "/".
  std::optional<Credentials> credentials;
  ResourceLimits limits;

  bool operator==(const LaunchSpec&) const = default;
};

// Descriptors for HeldChildForker::Fork(); borrowed.
struct LaunchDescriptors {
  int gate = -1;    // Gate::child_end()
  int output = -1;  // Becomes standard output and standard error.
  int cgroup = -1;  // A cgroup v2 directory to start in; -1: the caller's.
};

// Forks held children, in a process with a single thread, which also is the
// only one to wait for them (waitpid(2)).
//
// A child leads a session and a process group of its own, has /dev/null as
// standard input, the output twice, and no other descriptor; no signal is
// blocked or ignored; its umask is 022.
//
// On Linux for x86-64 a child that stays the caller's user shares the caller's
// memory until it executes its program (CLONE_VM of clone(2), as vfork(2)
// does): copying the page tables and giving them up again would take longer
// than all the rest. The end of the one is not the end of the other, but for
// the OOM killer, which takes all that share what it wants to free. Elsewhere,
// and before Linux 5.16, where a core dump of one process ends all that share
// its memory, it is a plain fork(2).
class HeldChildForker {
 public:
  // Looks which signals the process ignores. Those that it ignores only later
  // may remain ignored in children.
  HeldChildForker();
  // Children that have not executed their programs keep what they need.
  ~HeldChildForker();
  HeldChildForker(const HeldChildForker&) = delete;
  HeldChildForker& operator=(const HeldChildForker&) = delete;

  // Forks the child of `spec`. It is still setting itself up then: until
  // AwaitSetUp() it may be in the caller's session and have its descriptors.
  //
  // Errors are those of fork: Unavailable (no memory, processes or descriptors
  // left), or Internal; and InvalidArgument for a spec without arguments, with
  // NUL characters, or with a negative limit. No child is left then.
  absl::StatusOr<ProcessIdentity> Fork(const LaunchSpec& spec,
                                       const LaunchDescriptors& descriptors);

  // True once the child `pid`, which Fork() has returned, is as described
  // above, or has ended. Does not block.
  bool IsSetUp(int32_t pid);
  // Returns once IsSetUp().
  void AwaitSetUp(int32_t pid);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Why a released child could not run its program.
struct LaunchFailure {
  enum class Step : uint8_t {
    kSetUp,
    kLimits,
    kCredentials,
    kDirectory,
    kExec
  };
  Step step = Step::kSetUp;
  int error = 0;  // errno

  // "can't execute \"foo\": No such file or directory".
  std::string Message(const LaunchSpec& spec) const;
};

// The end of the socket that decides. Movable. Destroying it before Release()
// ends the child without the program ever run.
class Gate {
 public:
  static absl::StatusOr<Gate> Create();

  // To be handed to a forker, and closed then in the process that holds the
  // gate, or the outcome is never seen.
  int child_end() const { return child_end_.get(); }
  void CloseChildEnd() { child_end_.reset(); }

  // Lets the child run its program. At most once. OK also if the child is gone
  // already: Outcome() tells.
  absl::Status Release();

  // Readable (POLLIN or POLLHUP) once the outcome is known.
  int fd() const { return fd_.get(); }

  enum class State : uint8_t {
    kPending,  // Not known yet.
    kRunning,  // The program runs (or has ended already).
    kFailed,   // failure() says why it does not.
  };
  // Does not block. A child that was killed before it ran its program counts
  // as kRunning; its exit is told by whoever waits for it.
  State Outcome();
  const LaunchFailure& failure() const { return failure_; }

 private:
  Gate(base::UniqueFd fd, base::UniqueFd child_end)
      : fd_(std::move(fd)), child_end_(std::move(child_end)) {}

  base::UniqueFd fd_;
  base::UniqueFd child_end_;
  LaunchFailure failure_;
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_HELD_CHILD_H_
