// What an operator defines: a stack and its processes, as plain values.

#ifndef TALLYMAN_STACKS_MODEL_DEFINITION_H_
#define TALLYMAN_STACKS_MODEL_DEFINITION_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "stacks/model/stop_sequence.h"

namespace tallyman::stacks {

inline constexpr int64_t kMaxInstances = 1000;  // of a process on a server
inline constexpr size_t kMaxProcesses = 100;    // of a stack
inline constexpr size_t kMaxCommandBytes = 32768;
inline constexpr size_t kMaxEnvironmentBytes = 65536;  // of a process
inline constexpr size_t kMaxNameBytes = 64;
inline constexpr int64_t kMinOpenFiles = 16;
inline constexpr int64_t kMaxOpenFiles = 1048576;  // the kernel's fs.nr_open

struct ProcessDefinition {
  std::string name;       // see IsProcessName; unique in its stack
  std::string command;    // as in a Procfile; run by sh, see command.h
  std::string directory;  // absolute; "" is "/"
  std::map<std::string, std::string> env;  // added to the stated environment
  std::string user;                        // "" is the server's own
  StopSequence stop_sequence = StopSequence::Default();
  int64_t max_instances = kMaxInstances;  // on one server
  // setrlimit(2): RLIMIT_CPU in seconds, RLIMIT_AS in bytes, RLIMIT_NOFILE.
  std::optional<int64_t> cpu;
  std::optional<int64_t> memory;
  std::optional<int64_t> nofile;
  // How many are wanted (on the server that takes the request) when the process
  // is new; afterwards only scaling changes it.
  int64_t instances = 0;

  bool operator==(const ProcessDefinition&) const = default;

  // Changes when, and only when, something changed that running instances
  // would have to be restarted for: command, directory, env, user, limits.
  // 32 hex digits.
  std::string LaunchHash() const;
};

struct StackDefinition {
  std::string name;         // 1 to 64 bytes of UTF-8 without control characters
  std::string environment;  // likewise, may be ""
  std::vector<ProcessDefinition> processes;  // in the order of the definition

  const ProcessDefinition* Find(std::string_view process_name) const;
  bool operator==(const StackDefinition&) const = default;
};

// [A-Za-z0-9_.-]{1,64}, but neither "." nor "..": it is part of paths and URLs.
bool IsProcessName(std::string_view name);

// Why `command` can't be a command: it is empty or blank, too long, not UTF-8,
// or has a NUL.
absl::Status ValidateCommand(std::string_view command);

// InvalidArgument names the process and the key that is wrong. Whether users
// and directories exist is not looked at.
absl::Status Validate(const StackDefinition& stack);

// Lower-case hex MD5 of `text`: how the API names a command. "" where the
// library refuses MD5.
std::string Md5Hex(std::string_view text);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_MODEL_DEFINITION_H_
