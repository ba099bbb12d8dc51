// The arguments of a process, from the block of sysctl KERN_PROCARGS2.

#ifndef TALLYMAN_PLATFORM_MACOS_PROCESS_ARGUMENTS_H_
#define TALLYMAN_PLATFORM_MACOS_PROCESS_ARGUMENTS_H_

#include <cstddef>
#include <string_view>

namespace tallyman::platform {

// Longer arguments are truncated, see Process::arguments. No system call
// returns so many: ARG_MAX of macOS is 1 MiB.
inline constexpr size_t kMaxArgumentsBytes = size_t{4} << 20;

// The arguments in `block`, separated by single NULs, without NULs at their
// end; a view into `block`. Empty arguments inside are kept, as on Linux:
// "a\0\0b".
//
// The block is the top of the process's stack (sysctl_procargsx() of XNU's
// bsd/kern/kern_sysctl.c, exec_extract_strings() of kern_exec.c):
//
//   argc (4 bytes)
//   the path of the program, its NUL, and NULs up to a multiple of 8 bytes,
//     counted from the beginning of the path
//   argc arguments, each with its NUL
//   the environment, which the system leaves out for protected programs, and
//     strings for the dynamic linker
//
// The result never has a part of the environment unless the process itself
// overwrote the NULs between its arguments: "" if the block does not have this
// layout, and only the first argument if there are fewer strings than argc, so
// that argc is not the number of these strings. The last argument may lack its
// NUL. The program's path is known by its padding, so an empty first argument
// is no padding.
//
// `block` must not be the end of a longer one (MacosSystem::ReadArguments()).
std::string_view FindArguments(std::string_view block);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_MACOS_PROCESS_ARGUMENTS_H_
