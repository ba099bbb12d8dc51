// Starts a program in two steps: a forked child waits at a gate, and runs the
// program only once the holder of the gate releases it. In between the caller
// can make the child's identity durable. Linux only.
//
//   HeldChildForker forker;
//   absl::StatusOr<Gate> gate = Gate::Create();
//   absl::StatusOr<ProcessIdentity> child = forker.Fork(spec, ends);
//   forker.AwaitSetUp(child->pid);
//   ... store the identity ...
//   gate->Release();
//   poll(gate->fd()); gate->Outcome()  // running or failed
//
// The forker and the holder of the gate may be two processes: one sends the
// gate's other end and the output to the other (SCM_RIGHTS of unix(7)).

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

// Exit code of a child whose gate is closed without a release: it has never run
// its program. (A program can exit with this code too.)
inline constexpr int kNeverReleasedExitCode = 86;

// The user and groups that a program runs as.
struct Credentials {
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::vector<uint32_t> groups;  // Supplementary groups.
  bool operator==(const Credentials&) const = default;
};

// setrlimit(2), both soft and hard; nullopt leaves the caller's limit.
struct ResourceLimits {
  std::optional<int64_t> cpu_seconds;   // RLIMIT_CPU
  std::optional<int64_t> memory_bytes;  // RLIMIT_AS
  std::optional<int64_t> open_files;    // RLIMIT_NOFILE
  bool operator==(const ResourceLimits&) const = default;
};

// The program to run. Plain values.
struct LaunchSpec {
  // Not empty. If the first argument has no slash, the child searches for it in
  // the PATH of `environment` (execvp(3)).
  std::vector<std::string> arguments;
  // The whole environment, as NAME=VALUE.
  std::vector<std::string> environment;
  std::string directory;  // The working directory; "" means "/".
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

// Forks held children. The process has a single thread, which alone waits for
// the children (waitpid(2)). Not thread-safe.
//
// A child leads a new session and process group. Its standard input is
// /dev/null, its standard output and error are `output`, and it has no other
// descriptor. No signal is blocked or ignored; the umask is 022.
//
// On x86-64 a child without credentials shares the caller's memory until it
// executes its program (CLONE_VM of clone(2), as for vfork(2)), since copying
// and freeing the page tables takes longer than all other steps. The end of one
// process does not end the other, except that the OOM killer kills all
// processes that share the memory. On other architectures, and before
// Linux 5.16, where a core dump ends all processes that share the memory, the
// forker uses fork(2).
class HeldChildForker {
 public:
  // Records the signals that the process ignores. Signals that it ignores later
  // may stay ignored in children.
  HeldChildForker();
  // Leaks the memory of children that have not yet executed their programs.
  ~HeldChildForker();
  HeldChildForker(const HeldChildForker&) = delete;
  HeldChildForker& operator=(const HeldChildForker&) = delete;

  // Forks the child of `spec`. The child then sets itself up: until
  // AwaitSetUp() returns it may be in the caller's session and have the
  // caller's descriptors.
  //
  // Unavailable if the system is out of memory, processes or descriptors;
  // InvalidArgument for a spec without arguments, with NUL characters, or with
  // a negative limit; else Internal. After an error there is no child.
  absl::StatusOr<ProcessIdentity> Fork(const LaunchSpec& spec,
                                       const LaunchDescriptors& descriptors);

  // True once the child `pid`, which Fork() has returned, has set itself up as
  // described above, or has ended. Does not block.
  bool IsSetUp(int32_t pid);
  // Blocks until IsSetUp() is true.
  void AwaitSetUp(int32_t pid);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The reason why a released child could not run its program.
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

// The holder's end of a socket pair at which a child waits. Movable. Destroying
// it before Release() ends the child, which then never runs the program. Not
// thread-safe.
class Gate {
 public:
  // Unavailable if the process is out of descriptors or memory.
  static absl::StatusOr<Gate> Create();

  // The descriptor for the forker. After the fork the process that holds the
  // gate must close it, or the outcome stays kPending.
  int child_end() const { return child_end_.get(); }
  void CloseChildEnd() { child_end_.reset(); }

  // Lets the child run its program. Call it at most once. OK also if the child
  // has ended; Outcome() reports that.
  absl::Status Release();

  // Readable (POLLIN or POLLHUP) once the outcome is known.
  int fd() const { return fd_.get(); }

  enum class State : uint8_t {
    kPending,  // Not known yet.
    kRunning,  // The program runs, or has ended already.
    kFailed,   // The child could not run the program; see failure().
  };
  // Does not block. kRunning also if the child was killed before it ran its
  // program; its parent sees that exit by waitpid(2).
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
