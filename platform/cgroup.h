// Control groups, version 2 (cgroups(7)): where they can be used, whatever a
// program forks stays together, also what leaves its session.

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

// A cgroup of ours that has one child cgroup for each launch. Thread-safe.
class CgroupParent {
 public:
  // Finds the cgroup v2 mount (proc_pid_mountinfo(5)) and makes `name` below
  // this process's own cgroup, if it is not there. Checks that it can really be
  // used: writable, and with cgroup.kill (Linux 5.14). Else Unavailable with
  // the reason. `name` is a plain file name.
  static absl::StatusOr<std::unique_ptr<CgroupParent>> Open(
      std::string_view name);

  // Of an existing directory: for tests, and for whoever knows the path.
  static absl::StatusOr<std::unique_ptr<CgroupParent>> OpenPath(
      std::string path);

  // Makes the child cgroup `name` (it may exist already) and opens it.
  absl::StatusOr<base::UniqueFd> Make(std::string_view name) const;

  // SIGKILL to everything in it and below (cgroup.kill). OK if there is none.
  absl::Status Kill(std::string_view name) const;

  // Removes it: true if it is gone (or never was), false while living processes
  // are in it. Cgroups that its processes made inside are removed as well.
  absl::StatusOr<bool> Remove(std::string_view name) const;

  // The names of the child cgroups that are there.
  std::vector<std::string> List() const;

  // A descriptor of its cgroup.events, which poll(2) shows as POLLPRI at each
  // change of "populated" since it was last read, from its beginning
  // (pread(2)); before the first read always. NotFound if there is no such
  // cgroup.
  absl::StatusOr<base::UniqueFd> OpenEvents(std::string_view name) const;

  // Removes the parent itself if it has no children.
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
