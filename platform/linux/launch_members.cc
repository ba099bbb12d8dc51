// Linux: proc(5). First the stat files of all processes, which show sessions,
// groups and what has become of the leaders; then the environments of those
// that may be members.

#include "platform/launch_members.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/base/unique_fd.h"
#include "platform/linux/proc_files.h"
#include "platform/linux/proc_text.h"
#include "platform/process.h"
#include "platform/process_handle.h"

namespace tallyman::platform {
namespace {

// How often to look for the environment of a process that has none: in the
// middle of execve(2) there is none either.
constexpr int kEnvironmentAttempts = 20;
constexpr absl::Duration kEnvironmentInterval = absl::Microseconds(200);

// A process that started no earlier than some leader.
struct Candidate {
  int32_t pid;
  StatText stat;
  std::optional<std::string> launch;  // Its mark.
};

// What a walk knows of a family besides what it was asked.
struct Known {
  bool leader_there = false;  // A zombie counts.
  bool leader_replaced = false;
  // A process with the mark is in the leader's session or group.
  bool has_marked = false;
};

// The value of kLaunchVariable in an environment as /proc/PID/environ has it.
std::optional<std::string_view> FindLaunch(std::string_view environment) {
  while (!environment.empty()) {
    const size_t end = std::min(environment.find('\0'), environment.size());
    std::string_view entry = environment.substr(0, end);
    if (absl::ConsumePrefix(&entry, kLaunchVariable) &&
        absl::ConsumePrefix(&entry, "=")) {
      return entry;
    }
    environment.remove_prefix(std::min(end + 1, environment.size()));
  }
  return std::nullopt;
}

class Walk {
 public:
  Walk(absl::Span<const LaunchIdentity> families, std::string boot_id,
       int proc_fd)
      : families_(families),
        boot_id_(std::move(boot_id)),
        proc_fd_(proc_fd),
        known_(families.size()),
        members_(families.size()) {
    for (size_t i = 0; i < families_.size(); ++i) {
      const ProcessIdentity& leader = families_[i].leader;
      if (leader.boot_id != boot_id_) continue;
      earliest_ = std::min(earliest_, leader.start_ticks);
      by_pid_[leader.pid].push_back(i);
      by_launch_.emplace(families_[i].launch, i);
    }
  }

  absl::Status Run() {
    if (by_pid_.empty()) return absl::OkStatus();
    if (absl::Status status = ReadStats(); !status.ok()) return status;
    if (absl::Status status = ReadMarks(); !status.ok()) return status;
    for (const Candidate& candidate : candidates_) {
      const std::optional<size_t> family =
          FamilyOf(candidate.pid, candidate.stat, candidate.launch);
      if (!family) continue;
      if (absl::Status status = Take(candidate, *family); !status.ok()) {
        return status;
      }
    }
    return absl::OkStatus();
  }

  std::vector<std::vector<ProcessHandle>> TakeMembers() {
    return std::move(members_);
  }

 private:
  // 0 or an errno.
  int ReadStat(int32_t pid, StatText& stat) {
    const int error =
        buffer_.ReadFile(proc_fd_, absl::StrCat(pid, "/stat").c_str());
    if (error != 0) return error;
    const std::optional<StatText> parsed = ParseStat(buffer_.text());
    if (!parsed) return ESRCH;
    stat = *parsed;
    return 0;
  }

  // The mark of `pid`; nullopt also where it cannot be read. 0 or the errno of
  // an exhausted system.
  int ReadMark(int32_t pid, const StatText& stat,
               std::optional<std::string>& launch) {
    launch.reset();
    const std::string name = absl::StrCat(pid, "/environ");
    for (int attempt = 0; attempt < kEnvironmentAttempts; ++attempt) {
      const int error = buffer_.ReadFile(proc_fd_, name.c_str());
      if (error != 0) return IsExhaustion(error) ? error : 0;
      if (!buffer_.text().empty()) {
        launch = FindLaunch(buffer_.text());
        return 0;
      }
      // Kernel threads and zombies have none. Others have none for a moment, in
      // the middle of an execve.
      constexpr int32_t kKernelThreads = 2;
      if (stat.state == ProcessState::kZombie || pid == kKernelThreads ||
          stat.parent_pid == kKernelThreads) {
        return 0;
      }
      absl::SleepFor(kEnvironmentInterval);
    }
    return 0;
  }

  // Finds the candidates, and what has become of the leaders.
  absl::Status ReadStats() {
    const absl::StatusOr<std::vector<int32_t>> pids = ReadPids(proc_fd_);
    if (!pids.ok()) return pids.status();
    const int32_t self = getpid();
    for (const int32_t pid : *pids) {
      StatText stat;
      if (const int error = ReadStat(pid, stat); error != 0) {
        if (IsExhaustion(error)) return ListingError(error);
        continue;
      }
      if (const auto found = by_pid_.find(pid); found != by_pid_.end()) {
        for (const size_t i : found->second) {
          const bool same = families_[i].leader.start_ticks == stat.start_ticks;
          (same ? known_[i].leader_there : known_[i].leader_replaced) = true;
        }
      }
      if (pid == self || stat.start_ticks < earliest_) continue;
      candidates_.push_back({.pid = pid, .stat = stat, .launch = std::nullopt});
    }
    return absl::OkStatus();
  }

  absl::Status ReadMarks() {
    for (Candidate& candidate : candidates_) {
      if (const int error =
              ReadMark(candidate.pid, candidate.stat, candidate.launch)) {
        return ListingError(error);
      }
      if (!candidate.launch) continue;
      const auto found = by_launch_.find(*candidate.launch);
      if (found == by_launch_.end()) continue;
      if (IsNear(candidate.stat, families_[found->second].leader)) {
        known_[found->second].has_marked = true;
      }
    }
    return absl::OkStatus();
  }

  static bool IsNear(const StatText& stat, const ProcessIdentity& leader) {
    return stat.session == leader.pid || stat.process_group == leader.pid;
  }

  // The family that a process belongs to.
  std::optional<size_t> FamilyOf(int32_t pid, const StatText& stat,
                                 const std::optional<std::string>& launch) {
    if (const auto found = by_pid_.find(pid); found != by_pid_.end()) {
      for (const size_t i : found->second) {
        if (families_[i].leader.start_ticks == stat.start_ticks) return i;
      }
    }
    if (launch) {
      const auto found = by_launch_.find(*launch);
      if (found == by_launch_.end() ||
          stat.start_ticks < families_[found->second].leader.start_ticks) {
        return std::nullopt;
      }
      return found->second;
    }
    for (const int32_t leader : {stat.session, stat.process_group}) {
      const auto found = by_pid_.find(leader);
      if (found == by_pid_.end()) continue;
      for (const size_t i : found->second) {
        if (stat.start_ticks >= families_[i].leader.start_ticks &&
            !known_[i].leader_replaced &&
            (known_[i].leader_there || known_[i].has_marked ||
             families_[i].has_group)) {
          return i;
        }
      }
    }
    return std::nullopt;
  }

  // Opens the candidate and looks again: what was read before may have been of
  // a process that had the pid before.
  absl::Status Take(const Candidate& candidate, size_t family) {
    absl::StatusOr<ProcessHandle> handle =
        ProcessHandle::Open({.boot_id = boot_id_,
                             .pid = candidate.pid,
                             .start_ticks = candidate.stat.start_ticks});
    if (!handle.ok()) {
      return absl::IsUnavailable(handle.status()) ||
                     absl::IsUnimplemented(handle.status())
                 ? handle.status()
                 : absl::OkStatus();
    }
    StatText stat;
    std::optional<std::string> launch;
    int error = ReadStat(candidate.pid, stat);
    if (error == 0) error = ReadMark(candidate.pid, stat, launch);
    if (IsExhaustion(error)) return ListingError(error);
    // Only a process that is still there can have been read.
    if (error != 0 || handle->HasEnded() ||
        FamilyOf(candidate.pid, stat, launch) != family) {
      return absl::OkStatus();
    }
    members_[family].push_back(*std::move(handle));
    return absl::OkStatus();
  }

  const absl::Span<const LaunchIdentity> families_;
  const std::string boot_id_;
  const int proc_fd_;
  ReadBuffer buffer_;
  int64_t earliest_ = std::numeric_limits<int64_t>::max();
  // Indexes of families_, those of this boot: by the leader's pid, and by mark.
  absl::flat_hash_map<int32_t, absl::InlinedVector<size_t, 1>> by_pid_;
  absl::flat_hash_map<std::string_view, size_t> by_launch_;
  std::vector<Known> known_;
  std::vector<Candidate> candidates_;
  std::vector<std::vector<ProcessHandle>> members_;
};

}  // namespace

absl::StatusOr<std::vector<std::vector<ProcessHandle>>> FindLaunchMembers(
    absl::Span<const LaunchIdentity> families) {
  absl::StatusOr<std::string> boot_id = BootId();
  if (!boot_id.ok()) return boot_id.status();
  const base::UniqueFd proc(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!proc.valid()) return ListingError(errno);
  Walk walk(families, *std::move(boot_id), proc.get());
  if (absl::Status status = walk.Run(); !status.ok()) return status;
  return walk.TakeMembers();
}

}  // namespace tallyman::platform
