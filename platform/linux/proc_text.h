// Parsers of the text files of proc(5): /proc/PID/status, stat, statm, io and
// environ, and /proc/stat. They take the bytes of a file, allocate nothing, and
// accept any input: they report malformed text and never guess.

#ifndef TALLYMAN_PLATFORM_LINUX_PROC_TEXT_H_
#define TALLYMAN_PLATFORM_LINUX_PROC_TEXT_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "platform/process.h"

namespace tallyman::platform {

// Fields of /proc/PID/status, see proc_pid_status(5).
struct StatusText {
  // As the kernel escapes the name: a newline is the two characters `\n` and a
  // backslash is doubled; see UnescapeName().
  std::string_view escaped_name;
  ProcessState state = ProcessState::kUnknown;
  int32_t thread_group_id = -1;
  int32_t parent_pid = -1;
  std::optional<uint32_t> effective_uid;
  int64_t num_threads = -1;
  // 0 if the line is missing: the process has no address space. -1 if the
  // number is malformed.
  int64_t virtual_bytes = 0;
  int64_t resident_bytes = 0;
  int64_t peak_resident_bytes = 0;
};

// nullopt if `text` does not begin with a name or has no state.
std::optional<StatusText> ParseStatus(std::string_view text);

// Unescapes StatusText::escaped_name into `buffer`, which has room for
// escaped.size() bytes and may be the same memory. Returns the part that is
// used.
std::string_view UnescapeName(std::string_view escaped, char* buffer);

// Fields of /proc/PID/stat, see proc_pid_stat(5).
struct StatText {
  std::string_view name;  // Not escaped.
  ProcessState state = ProcessState::kUnknown;
  int32_t parent_pid = -1;
  // -1 if the kernel is removing the process; 0 if the leader is outside the
  // reader's pid namespace.
  int32_t process_group = -1;
  int32_t session = -1;
  // Clock ticks, sysconf(_SC_CLK_TCK) a second; the start is counted from boot.
  int64_t user_ticks = 0;
  int64_t system_ticks = 0;
  int64_t start_ticks = 0;
  int64_t num_threads = -1;
  std::optional<int32_t> nice;  // nullopt if the field is malformed.
  // 0 without an address space; -1 if the field is missing.
  int64_t virtual_bytes = -1;
};

// nullopt if one of the three times is missing or malformed. The name may
// contain any characters, including parentheses and newlines.
std::optional<StatText> ParseStat(std::string_view text);

// Fields of /proc/PID/statm, see proc_pid_statm(5).
struct StatmText {
  // 0 without an address space.
  int64_t virtual_pages = 0;
  int64_t resident_pages = 0;
};

// nullopt unless `text` has both numbers.
std::optional<StatmText> ParseStatm(std::string_view text);

// Fields of /proc/PID/io, see proc_pid_io(5).
struct IoText {
  int64_t read_bytes = 0;
  int64_t written_bytes = 0;
};

// nullopt unless `text` has both lines.
std::optional<IoText> ParseIo(std::string_view text);

// The value of the variable `name` in the text of /proc/PID/environ; nullopt if
// there is none. The first one, if there are several.
std::optional<std::string_view> FindVariable(std::string_view environment,
                                             std::string_view name);

// The boot time in Unix seconds, from the text of /proc/stat. nullopt if it is
// missing.
std::optional<int64_t> ParseBootTime(std::string_view text);

// The pid that the name of a directory of /proc is; nullopt for other names.
std::optional<int32_t> ParsePid(std::string_view name);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_LINUX_PROC_TEXT_H_
