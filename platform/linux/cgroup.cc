// Linux: the files of cgroup v2. Sources: cgroups(7) and
// Documentation/admin-guide/cgroup-v2.rst of the kernel.

#include "platform/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "platform/base/unique_fd.h"
#include "platform/linux/cgroup_text.h"
#include "platform/linux/proc_files.h"

namespace tallyman::platform {
namespace {

// CGROUP2_SUPER_MAGIC of linux/magic.h.
constexpr auto kCgroup2Magic = 0x63677270;

// Processes can nest cgroups as deep as they like; RemoveTree() stops here.
constexpr int kMaxDepth = 64;

absl::Status Unavailable(std::string_view reason) {
  return absl::UnavailableError(
      absl::StrCat("control groups cannot be used: ", reason));
}

absl::Status Unavailable(int error, std::string_view action) {
  return Unavailable(absl::ErrnoToStatus(error, action).message());
}

// OK if `name` is a plain file name: it names an entry of the directory itself.
absl::Status CheckName(std::string_view name) {
  if (name.empty() || name == "." || name == ".." ||
      name.find_first_of(std::string_view("/\0\n", 3)) !=
          std::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", name, "\" cannot be the name of a cgroup"));
  }
  return absl::OkStatus();
}

// The directory of this process's cgroup.
absl::StatusOr<std::string> OwnPath() {
  ReadBuffer buffer;
  if (const int error = buffer.ReadFile(AT_FDCWD, "/proc/self/mountinfo")) {
    return Unavailable(error, "cannot read /proc/self/mountinfo");
  }
  const std::optional<CgroupMount> mount = FindCgroupMount(buffer.text());
  if (!mount) return Unavailable("cgroup v2 is not mounted");
  if (const int error = buffer.ReadFile(AT_FDCWD, "/proc/self/cgroup")) {
    return Unavailable(error, "cannot read /proc/self/cgroup");
  }
  const std::optional<std::string_view> own = FindCgroupPath(buffer.text());
  if (!own) return Unavailable("this process is in no cgroup of version 2");
  std::optional<std::string> directory = CgroupDirectory(*mount, *own);
  if (!directory) {
    return Unavailable(absl::StrCat("the cgroup \"", *own,
                                    "\" of this process is not below what \"",
                                    mount->point, "\" shows"));
  }
  return *std::move(directory);
}

// OK if processes can be put into the cgroup `directory`, else Unavailable.
absl::Status CheckUsable(int directory, const std::string& path) {
  struct statfs file_system;
  if (fstatfs(directory, &file_system) != 0) {
    return Unavailable(errno, path);
  }
  if (file_system.f_type != kCgroup2Magic) {
    return Unavailable(
        absl::StrCat("\"", path, "\" is no cgroup of version 2"));
  }
  for (const char* file : {"cgroup.procs", "cgroup.kill"}) {
    if (faccessat(directory, file, W_OK, AT_EACCESS) != 0) {
      const int error = errno;
      return Unavailable(
          error, absl::StrCat("cannot write \"", path, "/", file, "\"",
                              error == ENOENT ? " (Linux 5.14 has it)" : ""));
    }
  }
  ReadBuffer buffer;
  if (const int error = buffer.ReadFile(directory, "cgroup.type")) {
    return Unavailable(error, absl::StrCat(path, "/cgroup.type"));
  }
  if (!absl::StartsWith(buffer.text(), "domain") ||
      absl::StartsWith(buffer.text(), "domain invalid")) {
    return Unavailable(absl::StrCat("\"", path, "\" is for threads only"));
  }
  return absl::OkStatus();
}

base::UniqueFd OpenDirectory(int at, const char* name) {
  return base::UniqueFd(
      openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// The names of the cgroups in `directory`. Sets `error` to 0 or an errno.
std::vector<std::string> Children(int directory, int& error) {
  std::vector<std::string> names;
  error = 0;
  // A new descriptor, since the list changes the offset.
  base::UniqueFd own = OpenDirectory(directory, ".");
  DIR* const list = own.valid() ? fdopendir(own.get()) : nullptr;
  if (list == nullptr) {
    error = errno;
    return names;
  }
  (void)own.release();
  while (true) {
    errno = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the list is this function's own.
    const dirent* const entry = readdir(list);
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") {
      names.emplace_back(name);
    }
  }
  error = errno;
  closedir(list);
  return names;
}

// Removes the cgroup `name` and those below it. True once `name` is gone, false
// while it has processes.
absl::StatusOr<bool> RemoveTree(int parent, const std::string& name,
                                int depth) {
  if (unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) {
    return true;
  }
  const auto failure = [&](int error) {
    return absl::ErrnoToStatus(
        error, absl::StrCat("cannot remove the cgroup \"", name, "\""));
  };
  // EBUSY: it has processes or cgroups.
  if (errno != EBUSY) return failure(errno);
  if (depth >= kMaxDepth) return failure(ELOOP);
  const base::UniqueFd directory = OpenDirectory(parent, name.c_str());
  if (!directory.valid()) {
    if (errno == ENOENT) return true;
    return failure(errno);
  }
  ReadBuffer buffer;
  if (const int error = buffer.ReadFile(directory.get(), "cgroup.events")) {
    // ENODEV: it was removed after it was opened.
    if (error == ENOENT || error == ENODEV) return true;
    return failure(error);
  }
  if (absl::StrContains(buffer.text(), "populated 1")) return false;
  int error = 0;
  for (const std::string& child : Children(directory.get(), error)) {
    absl::StatusOr<bool> gone = RemoveTree(directory.get(), child, depth + 1);
    if (!gone.ok() || !*gone) return gone;
  }
  if (error != 0) return failure(error);
  if (unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) {
    return true;
  }
  // A process or a cgroup was added meanwhile.
  if (errno == EBUSY) return false;
  return failure(errno);
}

}  // namespace

absl::StatusOr<std::unique_ptr<CgroupParent>> CgroupParent::Open(
    std::string_view name) {
  if (absl::Status status = CheckName(name); !status.ok()) return status;
  absl::StatusOr<std::string> own = OwnPath();
  if (!own.ok()) return own.status();
  // Moving a process needs write access to the common ancestor of the cgroups
  // before and after ("Delegation Containment").
  if (faccessat(AT_FDCWD, absl::StrCat(*own, "/cgroup.procs").c_str(), W_OK,
                AT_EACCESS) != 0) {
    return Unavailable(
        errno, absl::StrCat("cannot write \"", *own, "/cgroup.procs\""));
  }
  const std::string path = absl::StrCat(*own, "/", name);
  const bool made = mkdir(path.c_str(), 0755) == 0;
  if (!made && errno != EEXIST) {
    return Unavailable(errno, absl::StrCat("cannot make \"", path, "\""));
  }
  absl::StatusOr<std::unique_ptr<CgroupParent>> parent = OpenPath(path);
  if (!parent.ok() && made) rmdir(path.c_str());
  return parent;
}

absl::StatusOr<std::unique_ptr<CgroupParent>> CgroupParent::OpenPath(
    std::string path) {
  base::UniqueFd directory = OpenDirectory(AT_FDCWD, path.c_str());
  if (!directory.valid()) {
    return Unavailable(errno, absl::StrCat("cannot open \"", path, "\""));
  }
  if (absl::Status status = CheckUsable(directory.get(), path); !status.ok()) {
    return status;
  }
  return absl::WrapUnique(
      new CgroupParent(std::move(path), std::move(directory)));
}

absl::StatusOr<base::UniqueFd> CgroupParent::Make(std::string_view name) const {
  if (absl::Status status = CheckName(name); !status.ok()) return status;
  const std::string copy(name);
  const auto failure = [&](int error) {
    return absl::ErrnoToStatus(error, absl::StrCat("cannot make the cgroup \"",
                                                   path_, "/", name, "\""));
  };
  if (mkdirat(directory_.get(), copy.c_str(), 0755) != 0 && errno != EEXIST) {
    return failure(errno);
  }
  base::UniqueFd cgroup = OpenDirectory(directory_.get(), copy.c_str());
  if (!cgroup.valid()) return failure(errno);
  return cgroup;
}

absl::Status CgroupParent::Kill(std::string_view name) const {
  if (absl::Status status = CheckName(name); !status.ok()) return status;
  const base::UniqueFd file(openat(directory_.get(),
                                   absl::StrCat(name, "/cgroup.kill").c_str(),
                                   O_WRONLY | O_CLOEXEC));
  if (file.valid() && write(file.get(), "1", 1) == 1) return absl::OkStatus();
  // ENODEV: it was removed after it was opened.
  if (errno == ENOENT || errno == ENODEV) return absl::OkStatus();
  return absl::ErrnoToStatus(
      errno, absl::StrCat("cannot kill the cgroup \"", path_, "/", name, "\""));
}

absl::StatusOr<bool> CgroupParent::Remove(std::string_view name) const {
  if (absl::Status status = CheckName(name); !status.ok()) return status;
  return RemoveTree(directory_.get(), std::string(name), 0);
}

std::vector<std::string> CgroupParent::List() const {
  int error = 0;
  return Children(directory_.get(), error);
}

absl::StatusOr<base::UniqueFd> CgroupParent::OpenEvents(
    std::string_view name) const {
  if (absl::Status status = CheckName(name); !status.ok()) return status;
  base::UniqueFd events(openat(directory_.get(),
                               absl::StrCat(name, "/cgroup.events").c_str(),
                               O_RDONLY | O_CLOEXEC));
  if (events.valid()) return events;
  const int error = errno;
  const absl::Status status = absl::ErrnoToStatus(
      error,
      absl::StrCat("cannot watch the cgroup \"", path_, "/", name, "\""));
  if (error == ENODEV) return absl::NotFoundError(status.message());
  return status;
}

void CgroupParent::RemoveIfEmpty() const { rmdir(path_.c_str()); }

}  // namespace tallyman::platform
