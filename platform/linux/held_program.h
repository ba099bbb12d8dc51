// The code that a held child runs between its fork and its program.

#ifndef TALLYMAN_PLATFORM_LINUX_HELD_PROGRAM_H_
#define TALLYMAN_PLATFORM_LINUX_HELD_PROGRAM_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "platform/held_child.h"

namespace tallyman::platform {

// The packet that a child sends through the gate if it cannot run its program.
struct LaunchReport {
  int32_t step;   // LaunchFailure::Step
  int32_t error;  // errno
};

// The parts of a failure's message: `before`, then `name` in quotes, a colon
// and the text of the errno. Allocates nothing, since the child calls it.
struct FailureText {
  std::string_view before;
  std::string_view name;
};
FailureText TextOf(LaunchFailure::Step step, const LaunchSpec& spec);

// The state of a child that shares its parent's memory: a futex(2) word.
enum ChildProgress : uint32_t {
  // The child has executed its program, or ended. 0, since the kernel writes
  // this value (CLONE_CHILD_CLEARTID of clone(2)).
  kGone = 0,
  kSettingUp = 1,
  kAwaited = 2,  // Setting up, and the parent sleeps until that changes.
  kHeld = 3,
};

// The arguments of execve(2) and all else that the child needs, made before the
// fork. Not movable: it points into itself.
struct HeldProgram {
  explicit HeldProgram(LaunchSpec launch_spec);
  HeldProgram(const HeldProgram&) = delete;
  HeldProgram& operator=(const HeldProgram&) = delete;

  const LaunchSpec spec;
  std::vector<char*> arguments;
  std::vector<char*> environment;
  // The paths that execvp(3) would try, in order.
  std::vector<std::string> paths;
  // For a script without an interpreter line: /bin/sh, a place for the path of
  // the script, and the other arguments.
  std::vector<char*> shell_arguments;

  int gate = -1;
  int output = -1;
  uint64_t ignored_signals = 0;  // Bit n - 1: reset signal n to its default.
  // Null unless memory is shared with the parent.
  std::atomic<uint32_t>* progress = nullptr;
};

// The child's main function. Takes no lock, allocates nothing, and writes only
// to its stack and to `program`: the parent may run at the same time with the
// same memory and the same thread-local storage.
[[noreturn]] void RunHeldProgram(HeldProgram& program);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_LINUX_HELD_PROGRAM_H_
