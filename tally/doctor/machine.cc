#include "tally/doctor/machine.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "platform/base/unique_fd.h"
#include "platform/cgroup_names.h"
#include "tally/doctor/facts.h"
#include "tally/doctor/system_text.h"

namespace tallyman::tally {
namespace {

// The file of a data directory that its server locks (docs/operations.md).
constexpr std::string_view kLockFile = "lock";

// nullopt if it can't be read.
std::optional<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (file.bad()) return std::nullopt;
  return text;
}

std::string ReadOr(const std::string& path, std::string_view other = "") {
  return ReadFile(path).value_or(std::string(other));
}

// A file with one number, or "max", which is -1.
std::optional<int64_t> ReadNumber(const std::string& path) {
  const std::optional<std::string> text = ReadFile(path);
  if (!text) return std::nullopt;
  const std::string_view word = absl::StripAsciiWhitespace(*text);
  if (word == "max") return -1;
  int64_t number = 0;
  if (!absl::SimpleAtoi(word, &number)) return std::nullopt;
  return number;
}

// The inodes of the sockets of a process; nullopt if they are not readable.
struct OpenFiles {
  int64_t count = 0;
  std::set<uint64_t> socket_inodes;
};

std::optional<OpenFiles> ReadOpenFiles(const std::string& proc) {
  std::error_code error;
  std::filesystem::directory_iterator entry(proc + "/fd", error);
  if (error) return std::nullopt;
  OpenFiles files;
  for (; entry != std::filesystem::directory_iterator();
       entry.increment(error)) {
    if (error) return std::nullopt;
    ++files.count;
    // A descriptor that has been closed meanwhile has no target.
    const std::string target =
        std::filesystem::read_symlink(entry->path(), error).string();
    std::string_view rest = target;
    uint64_t inode = 0;
    if (absl::ConsumePrefix(&rest, "socket:[") &&
        absl::ConsumeSuffix(&rest, "]") && absl::SimpleAtoi(rest, &inode)) {
      files.socket_inodes.insert(inode);
    }
  }
  return files;
}

ServerProcessFacts ReadProcess(pid_t pid) {
  const std::string proc = absl::StrCat("/proc/", pid);
  const std::string status = ReadOr(proc + "/status");
  ServerProcessFacts process = {
      .pid = pid,
      .uid = ParseEffectiveUser(status),
      .capabilities = ParseCapabilities(status),
      .limits = ParseLimits(ReadOr(proc + "/limits")),
      .cgroup = ParseCgroupPath(ReadOr(proc + "/cgroup"))};
  const std::optional<OpenFiles> files = ReadOpenFiles(proc);
  if (!files) return process;
  process.open_files = files->count;
  std::vector<ListeningAddress>& listening = process.listening.emplace();
  for (const bool is_ipv6 : {false, true}) {
    const std::string table =
        ReadOr(absl::StrCat(proc, "/net/tcp", is_ipv6 ? "6" : ""));
    for (const ListeningSocket& socket : ParseListening(table, is_ipv6)) {
      if (files->socket_inodes.count(socket.inode) > 0) {
        listening.push_back(socket.address);
      }
    }
  }
  return process;
}

// The unit in a path of any hierarchy of /proc/PID/cgroup.
std::string UnitOf(std::string_view cgroup_file) {
  for (std::string_view rest = cgroup_file; !rest.empty();) {
    const size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    const std::string_view unit =
        platform::UnitOfCgroup(line.substr(line.rfind(':') + 1));
    if (!unit.empty()) return std::string(unit);
  }
  return "";
}

CgroupFacts ReadCgroups(const std::vector<Mount>& mounts,
                        const std::optional<ServerProcessFacts>& process) {
  CgroupFacts facts;
  std::string root;
  for (const Mount& mount : mounts) {
    if (mount.type != "cgroup2") continue;
    facts.mount = mount.point;
    facts.is_read_only = HasOption(mount.options, "ro");
    root = mount.root;
    break;
  }
  if (facts.mount.empty() || !process || process->cgroup.empty()) return facts;
  std::string_view path = process->cgroup;
  if (root != "/") absl::ConsumePrefix(&path, root);
  absl::ConsumeSuffix(&path, "/");
  const std::string folder = absl::StrCat(facts.mount, path);
  struct stat info;
  if (stat(absl::StrCat(folder, "/cgroup.procs").c_str(), &info) == 0) {
    facts.owner = info.st_uid;
  }
  // The root has no cgroup.kill: groups below it do. The server makes its own
  // there, so ask one of them.
  facts.has_kill =
      access(absl::StrCat(folder, "/cgroup.kill").c_str(), F_OK) == 0;
  std::error_code error;
  for (const auto& child :
       std::filesystem::directory_iterator(facts.mount, error)) {
    if (facts.has_kill) break;
    facts.has_kill = access((child.path() / "cgroup.kill").c_str(), F_OK) == 0;
  }
  for (std::string level = folder; level.size() > facts.mount.size();
       level.erase(level.rfind('/'))) {
    const std::optional<int64_t> limit = ReadNumber(level + "/pids.max");
    if (!limit) continue;
    if (!facts.max_tasks || *facts.max_tasks < 0 ||
        (*limit >= 0 && *limit < *facts.max_tasks)) {
      facts.max_tasks = limit;
      facts.tasks = ReadNumber(level + "/pids.current");
    }
  }
  return facts;
}

// Standard output of a program; nullopt unless it ends with 0.
std::optional<std::string> OutputOf(std::vector<std::string> arguments) {
  std::array<int, 2> ends = {};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  const base::UniqueFd reading(ends[0]);
  base::UniqueFd writing(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, writing.get(), STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
                                   O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                   O_RDONLY, 0);
  // Ctrl-C ends it, although this program blocks that signal.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, pointers[0], &actions, &attributes,
                                 pointers.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  writing.reset();
  if (error != 0) return std::nullopt;
  std::string output;
  std::array<char, 4096> buffer;
  while (true) {
    const ssize_t size = read(reading.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    output.append(buffer.data(), static_cast<size_t>(size));
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
  return output;
}

UnitFacts ReadUnit(pid_t pid) {
  const std::string cgroups = ReadOr(absl::StrCat("/proc/", pid, "/cgroup"));
  UnitFacts unit = {.name = UnitOf(cgroups)};
  if (!absl::EndsWith(unit.name, ".service")) return unit;
  // sd_booted(3).
  if (access("/run/systemd/system", F_OK) != 0) {
    unit.failure =
        absl::StrCat("in ", unit.name, ", but systemd does not run here");
    return unit;
  }
  std::vector<std::string> arguments = {"systemctl"};
  if (absl::StrContains(cgroups, "/user@")) arguments.emplace_back("--user");
  for (const char* const argument :
       {"show", "--no-pager", "-p", "KillMode", "-p", "Delegate", "-p",
        "OOMPolicy", "--"}) {
    arguments.emplace_back(argument);
  }
  arguments.push_back(unit.name);
  const std::optional<std::string> output = OutputOf(std::move(arguments));
  if (!output) {
    unit.failure = absl::StrCat("`systemctl show ", unit.name, "` fails");
    return unit;
  }
  unit.properties = ParseProperties(*output);
  return unit;
}

DirectoryFacts ReadDirectory(const std::string& path) {
  DirectoryFacts facts = {.path = path};
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    facts.error = errno;
    return facts;
  }
  facts.owner = info.st_uid;
  facts.mode = info.st_mode;
  if (!S_ISDIR(info.st_mode)) facts.error = ENOTDIR;
  struct statvfs space;
  if (statvfs(path.c_str(), &space) != 0) return facts;
  const auto unit = static_cast<int64_t>(space.f_frsize);
  facts.is_read_only = (space.f_flag & ST_RDONLY) != 0;
  facts.free_bytes = static_cast<int64_t>(space.f_bavail) * unit;
  facts.all_bytes = static_cast<int64_t>(space.f_blocks) * unit;
  // File systems without a table of inodes report none.
  if (space.f_files > 0) {
    facts.free_files = static_cast<int64_t>(space.f_favail);
  }
  return facts;
}

std::optional<bool> ReadSynchronized() {
  // Of systemd-timesyncd.service(8); others have the kernel's word alone.
  if (access("/run/systemd/timesync/synchronized", F_OK) == 0) return true;
  struct timex clock = {};
  const int state = adjtimex(&clock);
  if (state < 0) return std::nullopt;
  return state != TIME_ERROR && (clock.status & STA_UNSYNC) == 0;
}

}  // namespace

absl::StatusOr<pid_t> FindServerProcess(const std::string& data_dir) {
  const std::string path = absl::StrCat(data_dir, "/", kLockFile);
  const base::UniqueFd fd(
      open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, path);
  // A server that starts at this moment tries again for a second.
  if (flock(fd.get(), LOCK_SH | LOCK_NB) == 0) {
    return absl::NotFoundError(
        absl::StrCat("no server uses the data directory ", data_dir));
  }
  int64_t pid = 0;
  if (const std::string text = ReadOr(path);
      !absl::SimpleAtoi(absl::StripAsciiWhitespace(text), &pid) || pid <= 0) {
    return absl::NotFoundError(absl::StrCat(path, " has no process id"));
  }
  return static_cast<pid_t>(pid);
}

void ReadMachine(const std::string& data_dir, Facts& facts) {
  if (data_dir.empty()) {
    facts.no_process =
        "the data directory of the server is not known; name it with "
        "--data-dir";
  } else {
    facts.data_dir = ReadDirectory(data_dir);
    const absl::StatusOr<pid_t> pid = FindServerProcess(data_dir);
    if (pid.ok()) {
      facts.process = ReadProcess(*pid);
      facts.unit = ReadUnit(*pid);
    } else if (absl::IsPermissionDenied(pid.status())) {
      facts.no_process = absl::StrCat(
          data_dir, " is not readable; run as root or as the server's user");
    } else {
      facts.no_process = absl::StrCat("no server uses ", data_dir);
    }
  }
  const std::vector<Mount> mounts = ParseMounts(ReadOr("/proc/self/mountinfo"));
  for (const Mount& mount : mounts) {
    if (mount.point == "/proc") facts.proc_options = mount.options;
  }
  facts.cgroups = ReadCgroups(mounts, facts.process);
  struct utsname name;
  if (uname(&name) == 0) facts.kernel_release = name.release;
  facts.is_synchronized = ReadSynchronized();
}

}  // namespace tallyman::tally
