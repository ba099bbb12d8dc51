#include "platform/linux/pidfd.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/unique_fd.h"
#include "platform/linux/proc_files.h"
#include "platform/linux/proc_text.h"

namespace tallyman::platform {
namespace {

// PIDFD_SIGNAL_PROCESS_GROUP of linux/pidfd.h, in headers since Linux 6.9.
constexpr unsigned int kSignalProcessGroup = 1u << 2;

// How often SignalGroupMembers() searches for new members.
constexpr int kGroupPasses = 5;

int SendSignal(int fd, int signal, unsigned int flags) {
  return syscall(SYS_pidfd_send_signal, fd, signal, nullptr, flags) == 0
             ? 0
             : errno;
}

int ReadStatFile(int32_t pid, ReadBuffer& buffer, StatText& stat) {
  const int error =
      buffer.ReadFile(AT_FDCWD, absl::StrCat("/proc/", pid, "/stat").c_str());
  if (error == ENOENT) return ESRCH;
  if (error != 0) return error;
  const std::optional<StatText> parsed = ParseStat(buffer.text());
  if (!parsed) return EIO;  // The kernel writes a complete file.
  stat = *parsed;
  return 0;
}

int OpenWithBuffer(int32_t pid, ReadBuffer& buffer, OpenedProcess& process) {
  if (pid <= 0) return ESRCH;
  process.fd =
      base::UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!process.fd.valid()) {
    // The pid is that of a thread: EINVAL, since Linux 6.9 ENOENT.
    return errno == EINVAL || errno == ENOENT ? ESRCH : errno;
  }
  const int error = ReadStatFile(pid, buffer, process.stat);
  // If the process still exists now, the file was read while the pid was its
  // own.
  if (SendSignal(process.fd.get(), 0, 0) == ESRCH) return ESRCH;
  return error == ESRCH ? EACCES : error;
}

}  // namespace

int ReadProcessStat(int32_t pid, StatText& stat) {
  ReadBuffer buffer;
  return ReadStatFile(pid, buffer, stat);
}

int OpenProcess(int32_t pid, OpenedProcess& process) {
  ReadBuffer buffer;
  return OpenWithBuffer(pid, buffer, process);
}

int SignalPidfd(int fd, int signal) { return SendSignal(fd, signal, 0); }

int SignalPidfdGroup(int fd, int signal) {
  return SendSignal(fd, signal, kSignalProcessGroup);
}

int SignalGroupMembers(int32_t group, int64_t start_ticks, int fd, int signal) {
  const base::UniqueFd proc(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!proc.valid()) return errno;
  ReadBuffer buffer;
  // Members that have got the signal, by pid and start time.
  absl::flat_hash_set<std::pair<int32_t, int64_t>> signalled;
  int failure = 0;
  bool reached = false;
  for (int pass = 0; pass < kGroupPasses; ++pass) {
    const absl::StatusOr<std::vector<int32_t>> pids = ReadPids(proc.get());
    if (!pids.ok()) return ENOMEM;
    bool found = false;
    for (const int32_t pid : *pids) {
      StatText stat;
      if (ReadStatFile(pid, buffer, stat) != 0 || stat.process_group != group ||
          stat.start_ticks < start_ticks ||
          signalled.contains(std::make_pair(pid, stat.start_ticks))) {
        continue;
      }
      OpenedProcess member;
      const int error = OpenWithBuffer(pid, buffer, member);
      if (error == ESRCH) continue;
      if (error != 0) {
        failure = error;
        continue;
      }
      if (member.stat.process_group != group ||
          member.stat.start_ticks < start_ticks) {
        continue;
      }
      // If another process has the leader's pid, the group is that process's.
      StatText leader;
      if (SendSignal(fd, 0, 0) == ESRCH &&
          ReadStatFile(group, buffer, leader) != ESRCH) {
        return ESRCH;
      }
      found = true;
      signalled.insert({pid, member.stat.start_ticks});
      const int sent = SendSignal(member.fd.get(), signal, 0);
      if (sent == 0) {
        reached = true;
      } else if (sent != ESRCH) {
        failure = sent;
      }
      if (signal == 0 && reached) return 0;
    }
    if (!found) break;
  }
  // Success if at least one member was signalled, as for kill(2).
  if (reached) return 0;
  return failure != 0 ? failure : ESRCH;
}

}  // namespace tallyman::platform
