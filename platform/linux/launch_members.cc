// Linux: reads proc(5). First the stat files of all processes, which show
// sessions, groups, and whether the leaders still exist; then the environments
// of the processes that may be members.

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

// How often, and at which interval, to read an empty environment again: in the
// middle of an execve(2) it is empty.
constexpr int kEnvironmentAttempts = 20;
constexpr absl::Duration kEnvironmentInterval = absl::Microseconds(200);

// A process that started no earlier than the oldest leader.
struct Candidate {
  int32_t pid;
  StatText stat;
  // The launch id in its environment; nullopt if there is none.
  std::optional<std::string> launch_id;
};

// Facts that the search finds about a launch.
struct LaunchState {
  bool leader_exists = false;    // A zombie counts.
  bool leader_replaced = false;  // Another process has the leader's pid.
  // A process in the leader's session or group has the launch id.
  bool has_marked_member = false;
};

class MemberSearch {
 public:
  MemberSearch(absl::Span<const LaunchIdentity> launches, std::string boot_id,
               int proc_fd)
      : launches_(launches),
        boot_id_(std::move(boot_id)),
        proc_fd_(proc_fd),
        states_(launches.size()),
        members_(launches.size()) {
    for (size_t i = 0; i < launches_.size(); ++i) {
      const ProcessIdentity& leader = launches_[i].leader;
      if (leader.boot_id != boot_id_) continue;
      earliest_ = std::min(earliest_, leader.start_ticks);
      by_pid_[leader.pid].push_back(i);
      by_launch_id_.emplace(launches_[i].launch, i);
    }
  }

  absl::Status Run() {
    if (by_pid_.empty()) return absl::OkStatus();
    if (absl::Status status = ReadStats(); !status.ok()) return status;
    if (absl::Status status = ReadLaunchIds(); !status.ok()) return status;
    for (const Candidate& candidate : candidates_) {
      const std::optional<size_t> launch =
          LaunchOf(candidate.pid, candidate.stat, candidate.launch_id);
      if (!launch) continue;
      if (absl::Status status = AddMember(candidate, *launch); !status.ok()) {
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

  // Sets `launch_id` to that of `pid`; to nullopt also if the environment is
  // not readable. Returns 0, or an errno for which IsExhaustion() is true.
  int ReadLaunchId(int32_t pid, const StatText& stat,
                   std::optional<std::string>& launch_id) {
    launch_id.reset();
    const std::string name = absl::StrCat(pid, "/environ");
    for (int attempt = 0; attempt < kEnvironmentAttempts; ++attempt) {
      const int error = buffer_.ReadFile(proc_fd_, name.c_str());
      if (error != 0) return IsExhaustion(error) ? error : 0;
      if (!buffer_.text().empty()) {
        launch_id = FindVariable(buffer_.text(), kLaunchVariable);
        return 0;
      }
      // Kernel threads, which are children of kthreadd, and zombies never have
      // an environment. Other processes are in the middle of an execve(2).
      constexpr int32_t kKthreadd = 2;
      if (stat.state == ProcessState::kZombie || pid == kKthreadd ||
          stat.parent_pid == kKthreadd) {
        return 0;
      }
      absl::SleepFor(kEnvironmentInterval);
    }
    return 0;
  }

  // Finds the candidates and the states of the leaders.
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
          const bool same = launches_[i].leader.start_ticks == stat.start_ticks;
          LaunchState& state = states_[i];
          (same ? state.leader_exists : state.leader_replaced) = true;
        }
      }
      if (pid == self || stat.start_ticks < earliest_) continue;
      candidates_.push_back(
          {.pid = pid, .stat = stat, .launch_id = std::nullopt});
    }
    return absl::OkStatus();
  }

  absl::Status ReadLaunchIds() {
    for (Candidate& candidate : candidates_) {
      if (const int error = ReadLaunchId(candidate.pid, candidate.stat,
                                         candidate.launch_id)) {
        return ListingError(error);
      }
      if (!candidate.launch_id) continue;
      const auto found = by_launch_id_.find(*candidate.launch_id);
      if (found == by_launch_id_.end()) continue;
      if (IsInSessionOrGroup(candidate.stat, launches_[found->second].leader)) {
        states_[found->second].has_marked_member = true;
      }
    }
    return absl::OkStatus();
  }

  static bool IsInSessionOrGroup(const StatText& stat,
                                 const ProcessIdentity& leader) {
    return stat.session == leader.pid || stat.process_group == leader.pid;
  }

  // The launch that a process belongs to, by the rules of FindLaunchMembers().
  std::optional<size_t> LaunchOf(int32_t pid, const StatText& stat,
                                 const std::optional<std::string>& launch_id) {
    if (const auto found = by_pid_.find(pid); found != by_pid_.end()) {
      for (const size_t i : found->second) {
        if (launches_[i].leader.start_ticks == stat.start_ticks) return i;
      }
    }
    if (launch_id) {
      const auto found = by_launch_id_.find(*launch_id);
      if (found == by_launch_id_.end() ||
          stat.start_ticks < launches_[found->second].leader.start_ticks) {
        return std::nullopt;
      }
      return found->second;
    }
    for (const int32_t leader : {stat.session, stat.process_group}) {
      const auto found = by_pid_.find(leader);
      if (found == by_pid_.end()) continue;
      for (const size_t i : found->second) {
        if (stat.start_ticks >= launches_[i].leader.start_ticks &&
            !states_[i].leader_replaced &&
            (states_[i].leader_exists || states_[i].has_marked_member ||
             launches_[i].has_group)) {
          return i;
        }
      }
    }
    return std::nullopt;
  }

  // Opens the candidate and checks it again, since another process may have had
  // its pid at the first check.
  absl::Status AddMember(const Candidate& candidate, size_t launch) {
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
    std::optional<std::string> launch_id;
    int error = ReadStat(candidate.pid, stat);
    if (error == 0) error = ReadLaunchId(candidate.pid, stat, launch_id);
    if (IsExhaustion(error)) return ListingError(error);
    // If the process still runs now, the files were its own.
    if (error != 0 || handle->HasEnded() ||
        LaunchOf(candidate.pid, stat, launch_id) != launch) {
      return absl::OkStatus();
    }
    members_[launch].push_back(*std::move(handle));
    return absl::OkStatus();
  }

  const absl::Span<const LaunchIdentity> launches_;
  const std::string boot_id_;
  const int proc_fd_;
  ReadBuffer buffer_;
  int64_t earliest_ = std::numeric_limits<int64_t>::max();
  // Indices of `launches_`, those of this boot: by the leader's pid, and by
  // launch id.
  absl::flat_hash_map<int32_t, absl::InlinedVector<size_t, 1>> by_pid_;
  absl::flat_hash_map<std::string_view, size_t> by_launch_id_;
  std::vector<LaunchState> states_;                  // By index of `launches_`.
  std::vector<std::vector<ProcessHandle>> members_;  // By index as well.
  std::vector<Candidate> candidates_;
};

}  // namespace

absl::StatusOr<std::vector<std::vector<ProcessHandle>>> FindLaunchMembers(
    absl::Span<const LaunchIdentity> launches) {
  absl::StatusOr<std::string> boot_id = BootId();
  if (!boot_id.ok()) return boot_id.status();
  const base::UniqueFd proc(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!proc.valid()) return ListingError(errno);
  MemberSearch search(launches, *std::move(boot_id), proc.get());
  if (absl::Status status = search.Run(); !status.ok()) return status;
  return search.TakeMembers();
}

}  // namespace tallyman::platform
