// Files of /proc, whole: how tests and tools see processes, apart from the code
// that they look after. All of it is thread-safe.

#ifndef TALLYMAN_PLATFORM_TESTING_PROC_FILE_H_
#define TALLYMAN_PLATFORM_TESTING_PROC_FILE_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tallyman::platform {

// /proc/`pid`/`name`; nullopt if the process is gone or does not show it.
std::optional<std::string> ReadProc(pid_t pid, std::string_view name);

// The fields of proc_pid_stat(5) from the third ("state") on; empty if the
// process is gone.
std::vector<std::string> ReadStat(pid_t pid);

// The start time in clock ticks; with the pid it tells one process from
// another. nullopt if it is gone.
std::optional<int64_t> StartTicks(pid_t pid);

// The entries of a directory of /proc that are numbers.
std::vector<pid_t> ListNumbers(const std::string& directory);

// Whether its environment has `variable` ("NAME=value"); nullopt if it has none
// (yet), is gone, or is another user's.
std::optional<bool> HasVariable(pid_t pid, std::string_view variable);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_TESTING_PROC_FILE_H_
