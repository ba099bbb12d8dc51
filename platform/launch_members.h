// The processes that belong to one launch: those of the session and process
// group that its first process leads, and those that carry its mark in their
// environment, wherever they have gone (daemons).

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

// The variable of the environment that carries the mark.
inline constexpr std::string_view kLaunchVariable = "TALLYMAN_LAUNCH";

struct LaunchIdentity {
  ProcessIdentity leader;  // The first process; it need not exist any more.
  std::string launch;      // Value of kLaunchVariable; unique for ever.
  // The caller knows that the leader's group still has members (from
  // ProcessHandle::SignalGroup), so that its pid can't have gone to another
  // process: all of the group and session belong to it.
  bool has_group = false;
};

// For each of `families` the handles of its living members (no zombies), found
// in one walk over /proc. Nobody else's process is ever among them:
//  - a member of the session or group has started no earlier than the leader,
//    and the leader's pid has not gone to a process of another identity;
//  - once the leader has been waited for, its pid may have come and gone with
//    a process of somebody else: what is in the session or group without the
//    mark then counts only beside a member with the mark, which proves that
//    they are still the leader's. (So look before waiting for the leader.)
//  - a process whose environment names another launch belongs to that one;
//  - each is looked at again after its handle was opened.
// Families of another boot have no members. A process that this one may not
// look into (PermissionDenied) is judged by session and group alone. The caller
// itself is never a member. Handles come by ascending pid. Unavailable when the
// caller is out of descriptors or memory.
absl::StatusOr<std::vector<std::vector<ProcessHandle>>> FindLaunchMembers(
    absl::Span<const LaunchIdentity> families);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_LAUNCH_MEMBERS_H_
