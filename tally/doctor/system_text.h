// Reads the texts of /proc and of systemctl(1) that the doctor needs. Pure
// functions, thread-safe; text that is not as the kernel writes it gives what
// could be read.
//
// Example: tally/doctor/system_text_test.cc

#ifndef TALLYMAN_TALLY_DOCTOR_SYSTEM_TEXT_H_
#define TALLYMAN_TALLY_DOCTOR_SYSTEM_TEXT_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "tally/doctor/facts.h"

namespace tallyman::tally {

// /proc/PID/limits (proc_pid_limits(5)), by names such as "Max open files".
std::map<std::string, Limit> ParseLimits(std::string_view text);

// The effective user, the second number of "Uid:" in /proc/PID/status
// (proc_pid_status(5)); and "CapEff:".
std::optional<uid_t> ParseEffectiveUser(std::string_view status);
std::optional<uint64_t> ParseCapabilities(std::string_view status);

// The path of version 2 in /proc/PID/cgroup, the line "0::PATH" (cgroups(7));
// "" if there is none.
std::string ParseCgroupPath(std::string_view text);

struct Mount {
  std::string root;   // The folder of the file system that is mounted.
  std::string point;  // With its escapes resolved.
  std::string type;
  std::string options;  // Of the mount and of the file system, with commas.
};

// /proc/PID/mountinfo (proc_pid_mountinfo(5)).
std::vector<Mount> ParseMounts(std::string_view text);

// True if `options`, separated by commas, have `name`.
bool HasOption(std::string_view options, std::string_view name);

struct ListeningSocket {
  ListeningAddress address;
  uint64_t inode = 0;
};

// The sockets in the state LISTEN of /proc/PID/net/tcp, or of tcp6
// (proc_pid_net(5)), on a little-endian machine.
std::vector<ListeningSocket> ParseListening(std::string_view text,
                                            bool is_ipv6);

// "KillMode=process\nDelegate=yes\n" (systemctl(1), show).
std::map<std::string, std::string> ParseProperties(std::string_view text);

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7); nullopt if it is
// no such date.
std::optional<absl::Time> ParseHttpDate(std::string_view text);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_DOCTOR_SYSTEM_TEXT_H_
