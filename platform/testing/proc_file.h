// Reads files of /proc for tests and tools, independently of the code under
// test. Thread-safe.

#ifndef TALLYMAN_PLATFORM_TESTING_PROC_FILE_H_
#define TALLYMAN_PLATFORM_TESTING_PROC_FILE_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tallyman::platform {

// The contents of /proc/`pid`/`name`; nullopt if the process is gone or the
// file is not readable.
std::optional<std::string> ReadProc(pid_t pid, std::string_view name);

// The fields of proc_pid_stat(5) from the third ("state") on; empty if the
// process is gone.
std::vector<std::string> ReadStat(pid_t pid);

// The start time in clock ticks since boot; with the pid it identifies a
// process. nullopt if the process is gone.
std::optional<int64_t> StartTicks(pid_t pid);

// The entries of a directory that are numbers, in its order.
std::vector<pid_t> ListNumbers(const std::string& directory);

// True if the environment of `pid` has `variable` ("NAME=value"); nullopt if
// the environment is empty, as during execve(2), or not readable, or if the
// process is gone.
std::optional<bool> HasVariable(pid_t pid, std::string_view variable);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_TESTING_PROC_FILE_H_
