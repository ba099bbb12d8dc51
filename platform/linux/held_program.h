// What a held child does between its fork and its program.

#ifndef TALLYMAN_PLATFORM_LINUX_HELD_PROGRAM_H_
#define TALLYMAN_PLATFORM_LINUX_HELD_PROGRAM_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "platform/held_child.h"

namespace tallyman::platform {

// What a child that cannot run its program writes into the gate.
struct LaunchReport {
  int32_t step;
  int32_t error;
};

// A message in pieces: `before`, `name` in quotes, a colon and the error.
struct LaunchWords {
  std::string_view before;
  std::string_view name;
};
LaunchWords WordsOf(LaunchFailure::Step step, const LaunchSpec& spec);

// How far a child is, for a parent that shares its memory: a futex(2).
enum ChildProgress : uint32_t {
  // It has executed its program, or ended: the kernel writes that, and so it
  // is 0 (CLONE_CHILD_CLEARTID).
  kGone = 0,
  kSettingUp = 1,
  kAwaited = 2,  // The same, and its parent sleeps until that changes.
  kHeld = 3,
};

// The program as exec wants it, and all that the child needs besides, made
// before the fork. Not movable: it points into itself.
struct HeldProgram {
  explicit HeldProgram(LaunchSpec launch_spec);
  HeldProgram(const HeldProgram&) = delete;
  HeldProgram& operator=(const HeldProgram&) = delete;

  const LaunchSpec spec;
  std::vector<char*> arguments;
  std::vector<char*> environment;
  // Where execvp(3) would look for the program, in this order.
  std::vector<std::string> paths;
  // For a script that names no interpreter: /bin/sh, and room for its path.
  std::vector<char*> shell_arguments;

  int gate = -1;
  int output = -1;
  uint64_t ignored_signals = 0;  // Bit n - 1: signal n is to be reset.
  // Null unless memory is shared with the parent.
  std::atomic<uint32_t>* progress = nullptr;
};

// To be called in the child. Touches no lock, allocates nothing, and writes
// nowhere but to its stack and to `program`: its parent may be running in the
// same memory meanwhile, and in the same thread-local storage.
[[noreturn]] void RunHeldProgram(HeldProgram& program);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_LINUX_HELD_PROGRAM_H_
