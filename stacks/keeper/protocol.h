// The messages between server and keeper, over a SOCK_SEQPACKET socket in the
// data directory: one message a packet.
//
//   server                                keeper
//   connect                           ->
//                                     <-  Welcome, a Child for each child, the
//                                         versions record (versions.h), End
//   Select (a version)                ->
//   Spawn (+ gate, output, cgroup)    ->
//                                     <-  Spawned or SpawnFailed
//                                     <-  Exited, when the child has ended
//   Forget (its exit is stored)       ->
//
// The keeper keeps a child that has exited until it is forgotten. The newest
// connection counts: the keeper closes an older one.
//
// Versions. A keeper lives as long as its oldest instance, so it meets servers
// that are newer and, after a roll back, older. Rules for every change:
// - The fields of a message never change, and no type is used again: a new
//   meaning is a new message, at the end of Message.
// - A new message raises kVersions.newest. It may be sent only on a connection
//   whose version is at least the one that brought it.
// - kVersions.oldest goes up only to drop the support of old peers.
// - Welcome, Child, End and Select, which settle the version, never change.
// A connection starts in version Welcome::version and is in the selected one
// once the server has sent Select. Version 1 as first released has neither the
// versions record nor Select; see versions.h for how it is met.

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

// Versions of the protocol, both ends included.
struct VersionRange {
  int32_t oldest = 0;
  int32_t newest = 0;
  bool operator==(const VersionRange&) const = default;
};

// The versions that this code speaks, as keeper and as server.
inline constexpr VersionRange kVersions = {.oldest = 1, .newest = 1};

// The longest message; Encode() refuses a larger LaunchSpec.
inline constexpr size_t kMaxMessageBytes = 196608;

struct Welcome {
  int32_t version = kVersions.oldest;  // The oldest that the keeper speaks.
  int32_t pid = 0;                     // The keeper's.
  bool operator==(const Welcome&) const = default;
};
// A child that the keeper has, in the list after Welcome; or the versions
// record (versions.h).
struct Child {
  std::string launch;
  int32_t pid = 0;
  int64_t start_ticks = 0;
  std::optional<int32_t> wait_status;  // Of waitpid(2); set once it has ended.
  bool operator==(const Child&) const = default;
};
// The end of the list.
struct End {
  bool operator==(const End&) const = default;
};
struct Spawn {
  std::string launch;
  platform::LaunchSpec spec;
  // The packet has the descriptors gate, output and, if set, cgroup.
  bool has_cgroup = false;
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
// The version that the server chose: at most once, as its first message, and
// only to a keeper that sent the versions record.
struct Select {
  int32_t version = 0;
  bool operator==(const Select&) const = default;
};

using Message = std::variant<Welcome, Child, End, Spawn, Spawned, SpawnFailed,
                             Exited, Forget, Select>;

// InvalidArgument if the message is longer than kMaxMessageBytes.
absl::StatusOr<std::string> Encode(const Message& message);
// InvalidArgument unless `bytes`, which may be anything, are one message.
absl::StatusOr<Message> Decode(std::string_view bytes);

struct Packet {
  std::string bytes;  // Empty at the end of the connection.
  std::vector<base::UniqueFd> descriptors;
};

// Sends one packet with descriptors (SCM_RIGHTS; they stay the caller's).
// Unavailable if the socket is full and doesn't block: try again once it is
// writable. ResourceExhausted if the kernel has no memory or too many
// descriptors are in flight (ETOOMANYREFS, unix(7)): try again later, however
// writable the socket is. Aborted if the peer is gone.
absl::Status Send(int socket, std::string_view bytes,
                  const std::vector<int>& descriptors);

// Receives one packet. Unavailable if there is none and the socket doesn't
// block; ResourceExhausted if the kernel has no memory; Aborted if the
// connection broke; InvalidArgument if the packet is longer or has more
// descriptors than any message.
absl::StatusOr<Packet> Receive(int socket);

}  // namespace tallyman::stacks::keeper

#endif  // TALLYMAN_STACKS_KEEPER_PROTOCOL_H_
