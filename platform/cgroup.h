// Control groups, version 2 (cgroups(7)): they keep together every process that
// a program forks, including those that leave its session. Linux only.

#ifndef TALLYMAN_PLATFORM_CGROUP_H_
#define TALLYMAN_PLATFORM_CGROUP_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"

namespace tallyman::platform {

// A cgroup with one child cgroup for each launch. In all functions `name` is
// that of a child, a plain file name; else they return InvalidArgument.
// Thread-safe.
class CgroupParent {
 public:
  // Finds the cgroup v2 mount (proc_pid_mountinfo(5)) and makes the parent
  // `name` below this process's own cgroup, unless it exists. Unavailable, with
  // the reason, if it cannot be used: not writable, or without cgroup.kill
  // (Linux 5.14).
  static absl::StatusOr<std::unique_ptr<CgroupParent>> Open(
      std::string_view name);

  // The same for an existing cgroup directory `path`.
  static absl::StatusOr<std::unique_ptr<CgroupParent>> OpenPath(
      std::string path);

  // Makes the child cgroup, unless it exists, and opens its directory.
  absl::StatusOr<base::UniqueFd> Make(std::string_view name) const;

  // Sends SIGKILL to all processes of the child and the cgroups below it
  // (cgroup.kill). OK if there is no such child.
  absl::Status Kill(std::string_view name) const;

  // Removes the child, with the cgroups that its processes have made below it.
  // True once it does not exist, false while it has living processes.
  absl::StatusOr<bool> Remove(std::string_view name) const;

  // The names of the child cgroups.
  std::vector<std::string> List() const;

  // Opens cgroup.events of the child. poll(2) returns POLLPRI once "populated"
  // has changed since the last pread(2) from its beginning, and always before
  // the first one. NotFound if there is no such child.
  absl::StatusOr<base::UniqueFd> OpenEvents(std::string_view name) const;

  // Removes the parent itself, if it has no children.
  void RemoveIfEmpty() const;

  const std::string& path() const { return path_; }

 private:
  CgroupParent(std::string path, base::UniqueFd directory)
      : path_(std::move(path)), directory_(std::move(directory)) {}

  std::string path_;
  base::UniqueFd directory_;
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_CGROUP_H_
