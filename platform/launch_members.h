// The processes that belong to one launch: the members of the session and
// process group that its first process leads, and the processes with its launch
// id in their environment, such as daemons, which leave the session.
//
// Linux only.

#ifndef TALLYMAN_PLATFORM_LAUNCH_MEMBERS_H_
#define TALLYMAN_PLATFORM_LAUNCH_MEMBERS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/process_handle.h"

namespace tallyman::platform {

// The environment variable with the launch id.
inline constexpr std::string_view kLaunchVariable = "TALLYMAN_LAUNCH";

struct LaunchIdentity {
  ProcessIdentity leader;  // The first process; it may have ended.
  std::string launch;      // The launch id; never used twice.
  // The caller knows (from ProcessHandle::SignalGroup) that the leader's group
  // has members. The kernel then gives the leader's pid to no other process, so
  // all of the group and session belong to the launch.
  bool has_group = false;
};

// For each of `launches` the handles of its living members (no zombies), by
// ascending pid, found in one pass over /proc. Never includes a process of
// another launch, or one that is not ours:
//  - A member of the session or group has started no earlier than the leader,
//    and no other process has the leader's pid.
//  - After the leader is reaped its pid may have been that of another process,
//    with a session of its own. A process of the session or group without the
//    launch id then counts only if another member has the launch id, which
//    proves that the session is still the leader's. (So call this before
//    reaping the leader.)
//  - A process whose environment has another launch id belongs to that launch.
//  - Each process is checked again after its handle is opened.
// Launches of another boot have no members. If the caller may not read the
// environment of a process, session and group alone decide. The caller itself
// is never a member.
//
// Unavailable if the caller is out of descriptors or memory. Thread-safe.
absl::StatusOr<std::vector<std::vector<ProcessHandle>>> FindLaunchMembers(
    absl::Span<const LaunchIdentity> launches);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_LAUNCH_MEMBERS_H_
