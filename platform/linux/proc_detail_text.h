// Parsers of the files of proc(5) that show details of one process:
// smaps_rollup and environ, and the tables of sockets. They accept any input:
// they report malformed text and never guess.

#ifndef TALLYMAN_PLATFORM_LINUX_PROC_DETAIL_TEXT_H_
#define TALLYMAN_PLATFORM_LINUX_PROC_DETAIL_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"

namespace tallyman::platform {

// The line "Pss:" of /proc/PID/smaps_rollup in bytes; nullopt if it is missing
// or malformed.
std::optional<int64_t> ParsePss(std::string_view text);

// Calls `take` with the name of each variable in the text of /proc/PID/environ,
// and never with a part of a value. A process can write over its environment
// (setproctitle(3)), from its beginning: after a part that is no variable, the
// next one may be the rest of a value, and is skipped.
void ForEachVariableName(std::string_view environment,
                         absl::FunctionRef<void(std::string_view)> take);

// The inode in the text of a link of /proc/PID/fd, "socket:[4711]"; nullopt if
// the descriptor is no socket.
std::optional<uint64_t> ParseSocketLink(std::string_view link);

// States of a row, from the kernel's tcp_states.h.
inline constexpr int kTcpSynReceived = 3;
inline constexpr int kSocketClosed = 7;  // Of UDP: not connected.
inline constexpr int kTcpListen = 10;

// A row of /proc/net/tcp, tcp6, udp or udp6 (proc_pid_net(5)).
struct InetRow {
  std::string_view address;  // Of the socket itself; see InetAddressText().
  int32_t port = 0;
  int state = 0;
  uint64_t inode = 0;
};

// nullopt for the heading, and if the row is malformed.
std::optional<InetRow> ParseInetRow(std::string_view line);

// "127.0.0.1" for "0100007F", and likewise for IPv6: words of 4 bytes as the
// machine stores them. "" if `hex` is no address.
std::string InetAddressText(std::string_view hex);

// A row of /proc/net/unix.
struct UnixRow {
  bool is_listening = false;
  uint64_t inode = 0;
  std::string_view path;  // "" if the socket has none.
};

// nullopt for the heading, and if the row is malformed. A path with a newline
// is cut there: its rest is a row of its own.
std::optional<UnixRow> ParseUnixRow(std::string_view line);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_LINUX_PROC_DETAIL_TEXT_H_
