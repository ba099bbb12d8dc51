// Parsers of the texts of proc(5) about cgroups: mountinfo and cgroup. They
// accept any input.

#ifndef TALLYMAN_PLATFORM_LINUX_CGROUP_TEXT_H_
#define TALLYMAN_PLATFORM_LINUX_CGROUP_TEXT_H_

#include <optional>
#include <string>
#include <string_view>

namespace tallyman::platform {

struct CgroupMount {
  std::string root;  // The cgroup that is mounted, "/" for the whole hierarchy.
  std::string point;  // The directory that it is mounted on.
};

// The first mount of cgroup v2 in the text of /proc/PID/mountinfo
// (proc_pid_mountinfo(5)); nullopt if there is none.
std::optional<CgroupMount> FindCgroupMount(std::string_view mountinfo);

// The path of a process's cgroup v2 from the root of the hierarchy: the line
// "0::PATH" in the text of /proc/PID/cgroup. nullopt if there is none.
std::optional<std::string_view> FindCgroupPath(std::string_view cgroups);

// The cgroup to show of a process, from the text of /proc/PID/cgroup: the path
// of v2 if it is not "/", else that of systemd's hierarchy of v1, else the
// first of v1 that is not "/", else "/". "" if `cgroups` has no path.
std::string_view FindProcessCgroup(std::string_view cgroups);

// The directory of the cgroup `path` under `mount`; nullopt if the mount does
// not show that cgroup.
std::optional<std::string> CgroupDirectory(const CgroupMount& mount,
                                           std::string_view path);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_LINUX_CGROUP_TEXT_H_
