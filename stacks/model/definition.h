// The definition of a stack and its processes by an operator, as plain values.
//
// Example: stacks/model/definition_example_test.cc

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

inline constexpr int64_t kMaxInstances = 1000;  // of a process on one server
inline constexpr size_t kMaxProcesses = 100;    // of a stack
inline constexpr size_t kMaxCommandBytes = 32768;
inline constexpr size_t kMaxEnvironmentBytes = 65536;  // of a process
inline constexpr size_t kMaxNameBytes = 64;
inline constexpr int64_t kMinOpenFiles = 16;
inline constexpr int64_t kMaxOpenFiles = 1048576;  // the kernel's fs.nr_open

struct ProcessDefinition {
  std::string name;       // See IsProcessName(); unique in its stack.
  std::string command;    // As in a Procfile; run by sh.
  std::string directory;  // Absolute; "" is "/".
  std::map<std::string, std::string> env;  // Added to the server's variables.
  std::string user;                        // "" is the server's own user.
  StopSequence stop_sequence = StopSequence::Default();
  int64_t max_instances = kMaxInstances;  // On one server.
  // setrlimit(2): RLIMIT_CPU in seconds, RLIMIT_AS in bytes, RLIMIT_NOFILE.
  std::optional<int64_t> cpu;
  std::optional<int64_t> memory;
  std::optional<int64_t> nofile;
  // The desired number, on the server that takes the request, of a new process;
  // later only scaling changes the desired number.
  int64_t instances = 0;

  bool operator==(const ProcessDefinition&) const = default;

  // 32 hex digits, over the fields that need a restart of running instances:
  // command, directory, env, user, limits.
  std::string LaunchHash() const;
};

struct StackDefinition {
  std::string name;  // 1 to 64 bytes of UTF-8 without control characters.
  std::string environment;                   // 0 to 64 such bytes.
  std::vector<ProcessDefinition> processes;  // In the order of the definition.

  const ProcessDefinition* Find(std::string_view process_name) const;
  bool operator==(const StackDefinition&) const = default;
};

// Whether `name` matches [A-Za-z0-9_.-]{1,64} and is neither "." nor "..":
// names are parts of paths and URLs.
bool IsProcessName(std::string_view name);

// InvalidArgument if `command` is empty or blank, too long, not UTF-8, or has a
// NUL.
absl::Status ValidateCommand(std::string_view command);

// InvalidArgument names the process and the invalid key. Does not check whether
// users and directories exist.
absl::Status Validate(const StackDefinition& stack);

// Lower-case hex MD5 of `text`, by which the API identifies a command. "" if
// the system's library has no MD5 (platform/base/digest.h).
std::string Md5Hex(std::string_view text);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_MODEL_DEFINITION_H_
