// Names in the path of a control group (Process::cgroup): the unit of systemd
// and the container that a process belongs to. They take any text and allocate
// nothing; the results are parts of the path.
//
//   UnitOfCgroup("/system.slice/nginx.service") == "nginx.service"
//
// Example: platform/cgroup_names_test.cc

#ifndef TALLYMAN_PLATFORM_CGROUP_NAMES_H_
#define TALLYMAN_PLATFORM_CGROUP_NAMES_H_

#include <string_view>

namespace tallyman::platform {

// The ends of the names of units that have processes of their own.
inline constexpr std::string_view kUnitTypes[] = {".service", ".scope",
                                                  ".socket", ".mount", ".swap"};

// The innermost unit with processes of its own: the last component that ends in
// one of the types (systemd.unit(5)). That
// of the user's manager if there is one, and in a container that runs systemd,
// one of the container. "" if there is none.
std::string_view UnitOfCgroup(std::string_view path);

// The id of the innermost container: the last component that has 64 hex digits
// in lower case, alone or between other characters, as Docker, containerd,
// CRI-O and Podman name theirs; or, without one, the name of a container of LXC
// ("/lxc/NAME" or "/lxc.payload.NAME"). The monitors of containers (conmon) do
// not belong to them. "" if there is none.
std::string_view ContainerOfCgroup(std::string_view path);

// True if `name` is a component of the path.
bool HasCgroupComponent(std::string_view path, std::string_view name);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_CGROUP_NAMES_H_
