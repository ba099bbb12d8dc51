// Parsers of the text files that Linux keeps of each process: /proc/PID/status,
// stat and io. They take the bytes of a file and allocate nothing, and accept
// any input: what is malformed is reported, never guessed.

#ifndef TALLYMAN_PLATFORM_LINUX_PROC_TEXT_H_
#define TALLYMAN_PLATFORM_LINUX_PROC_TEXT_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "platform/process.h"

namespace tallyman::platform {

// What is used of /proc/PID/status, see proc_pid_status(5).
struct StatusText {
  // As the kernel wrote it: a newline is the two characters `\n` and a
  // backslash is doubled; see UnescapeName().
  std::string_view escaped_name;
  ProcessState state = ProcessState::kUnknown;
  int32_t thread_group_id = -1;
  int32_t parent_pid = -1;
  std::optional<uint32_t> effective_uid;
  int64_t num_threads = -1;
  // Bytes; 0 where the line is missing, which means no address space.
  int64_t virtual_bytes = 0;
  int64_t resident_bytes = 0;
  int64_t peak_resident_bytes = 0;
};

// nullopt if `text` does not start as a status file does or lacks its state.
std::optional<StatusText> ParseStatus(std::string_view text);

// Undoes the escaping of `escaped_name` into `buffer` and returns the part
// used. `buffer` must have room for escaped.size() bytes.
std::string_view UnescapeName(std::string_view escaped, char* buffer);

// What is used of /proc/PID/stat, see proc_pid_stat(5).
struct StatText {
  std::string_view name;  // As it is, not escaped.
  ProcessState state = ProcessState::kUnknown;
  int32_t parent_pid = -1;
  // -1 for a process that is just being removed; 0 where the leader lies
  // outside of the reader's pid namespace.
  int32_t process_group = -1;
  int32_t session = -1;
  int64_t user_ticks = 0;
  int64_t system_ticks = 0;
  int64_t start_ticks = 0;
  int64_t num_threads = -1;
  // 0 without an address space; -1 where the field is missing.
  int64_t virtual_bytes = -1;
};

// nullopt if fields are missing or are no numbers. The task's name may contain
// anything, parentheses and newlines included.
std::optional<StatText> ParseStat(std::string_view text);

// What is used of /proc/PID/statm, see proc_pid_statm(5).
struct StatmText {
  // 0 without an address space.
  int64_t virtual_pages = 0;
  int64_t resident_pages = 0;
};

// nullopt unless both numbers are there.
std::optional<StatmText> ParseStatm(std::string_view text);

// What is used of /proc/PID/io, see proc_pid_io(5).
struct IoText {
  int64_t read_bytes = 0;
  int64_t written_bytes = 0;
};

// nullopt unless both lines are there.
std::optional<IoText> ParseIo(std::string_view text);

// The system's boot time in Unix seconds, from /proc/stat.
std::optional<int64_t> ParseBootTime(std::string_view text);

// A directory's name as a pid; nullopt for what is none.
std::optional<int32_t> ParsePid(std::string_view name);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_LINUX_PROC_TEXT_H_
