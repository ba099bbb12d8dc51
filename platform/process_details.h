// Details of one process that cost too much, or need too many rights, for a
// list of all: what is known beyond process_lister.h.
//
// One header for all systems. Only Linux has details; on other systems each one
// is unknown.
//
// Example: platform/linux/process_details_test.cc

#ifndef TALLYMAN_PLATFORM_PROCESS_DETAILS_H_
#define TALLYMAN_PLATFORM_PROCESS_DETAILS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace tallyman::platform {

// A socket that accepts connections, or one of UDP that is bound and not
// connected.
struct ListeningSocket {
  std::string protocol;  // "tcp", "tcp6", "udp", "udp6" or "unix".
  // "0.0.0.0", "::1"; of unix the path, which begins with "@" for an abstract
  // name, or "" for none. Its bytes need not be UTF-8.
  std::string address;
  int32_t port = -1;  // -1 for unix.
};

struct ProcessDetails {
  // As in Process; -1 if unknown. Another number than that of the list means
  // that another process has the pid now.
  int64_t start_ticks = -1;

  // The proportional set size in bytes: resident memory, of which each page
  // counts divided by the number of processes that share it
  // (proc_pid_smaps(5)). 0 without an address space, -1 if unknown.
  int64_t proportional_bytes = -1;

  // Open file descriptors; -1 if unknown.
  int64_t open_descriptors = -1;

  // By protocol, port and address; nullopt if unknown.
  std::optional<std::vector<ListeningSocket>> listening;

  // The names of the variables of the environment that the process was started
  // with, in its order; never values. nullopt if unknown. A process can change
  // the text: parts that have not the form NAME=VALUE are left out, and so is
  // the part after each, which may be the rest of a value.
  std::optional<std::vector<std::string>> environment_names;
};

// The details of the process `pid`; `proc_root` is as in ProcessLister. All are
// of one process, the one with `start_ticks`. A file that the caller may not
// read costs only its own details.
//
// The kernel shows most of them only to a caller who may inspect the process
// (ptrace(2), PTRACE_MODE_READ_FSCREDS): the same user, or CAP_SYS_PTRACE.
//
// The cost grows with the open descriptors of the process, and if one is a
// socket, with the sockets of its network namespace. NotFound if there is no
// such process or it ends meanwhile; Unavailable if the caller is out of
// descriptors or memory; Internal if `proc_root` cannot be opened. Thread-safe.
absl::StatusOr<ProcessDetails> ReadProcessDetails(const std::string& proc_root,
                                                  int32_t pid);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_PROCESS_DETAILS_H_
