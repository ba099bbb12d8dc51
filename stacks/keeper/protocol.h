// What server and keeper say to each other, over a SOCK_SEQPACKET socket in the
// data directory: one message a packet.
//
//   server                                keeper
//   connect                           ->
//                                     <-  Welcome, a Child for each it has, End
//   Spawn (+ gate, output, cgroup)    ->
//                                     <-  Spawned or SpawnFailed
//                                     <-  Exited, whenever one ends
//   Forget (its exit is written down) ->
//
// A child that has exited is kept in mind until it is forgotten. The newest
// connection counts: the keeper closes an older one.

#ifndef TALLYMAN_STACKS_KEEPER_PROTOCOL_H_
#define TALLYMAN_STACKS_KEEPER_PROTOCOL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"
#include "platform/held_child.h"

namespace tallyman::stacks::keeper {

// Raised with every change that an older keeper or server would not understand.
inline constexpr int32_t kProtocolVersion = 1;

// Longest message; a larger LaunchSpec is refused by Encode().
inline constexpr size_t kMaxMessageBytes = 196608;

struct Welcome {
  int32_t version = kProtocolVersion;
  int32_t pid = 0;  // The keeper's.
  bool operator==(const Welcome&) const = default;
};
// A child that the keeper has, in the list after Welcome.
struct Child {
  std::string launch;
  int32_t pid = 0;
  int64_t start_ticks = 0;
  std::optional<int32_t> wait_status;  // As of waitpid(2), if it has ended.
  bool operator==(const Child&) const = default;
};
struct End {  // Of the list.
  bool operator==(const End&) const = default;
};
struct Spawn {
  std::string launch;
  platform::LaunchSpec spec;
  bool has_cgroup = false;  // A third descriptor follows gate and output.
  bool operator==(const Spawn&) const = default;
};
struct Spawned {
  std::string launch;
  int32_t pid = 0;
  int64_t start_ticks = 0;
  bool operator==(const Spawned&) const = default;
};
struct SpawnFailed {
  std::string launch;
  std::string reason;
  bool operator==(const SpawnFailed&) const = default;
};
struct Exited {
  std::string launch;
  int32_t wait_status = 0;
  bool operator==(const Exited&) const = default;
};
struct Forget {
  std::string launch;
  bool operator==(const Forget&) const = default;
};

using Message = std::variant<Welcome, Child, End, Spawn, Spawned, SpawnFailed,
                             Exited, Forget>;

// InvalidArgument if it is longer than kMaxMessageBytes.
absl::StatusOr<std::string> Encode(const Message& message);
// InvalidArgument for bytes that are no message. Accepts any bytes.
absl::StatusOr<Message> Decode(std::string_view bytes);

// Sends one packet with descriptors (SCM_RIGHTS; they stay the caller's).
// Unavailable if the socket is full and doesn't block, or if too many
// descriptors are under way (ETOOMANYREFS, unix(7)); Aborted if the peer is
// gone.
absl::Status Send(int socket, std::string_view bytes,
                  const std::vector<int>& descriptors);

struct Packet {
  std::string bytes;  // Empty at the end of the connection.
  std::vector<base::UniqueFd> descriptors;
};
// Receives one packet. Unavailable if there is none and the socket doesn't
// block; Aborted if the connection broke; InvalidArgument if it is longer or
// has more descriptors than any message.
absl::StatusOr<Packet> Receive(int socket);

}  // namespace tallyman::stacks::keeper

#endif  // TALLYMAN_STACKS_KEEPER_PROTOCOL_H_
