// Linux: details from proc(5), all through one descriptor of /proc/PID. It
// belongs to the process that it was opened for: once that process is reaped
// every file of it fails, even if another process has the pid.

#include "platform/process_details.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/unique_fd.h"
#include "platform/linux/proc_detail_text.h"
#include "platform/linux/proc_files.h"
#include "platform/linux/proc_text.h"

namespace tallyman::platform {
namespace {

bool IsGone(int error) { return error == ENOENT || error == ESRCH; }

base::UniqueFd OpenBelow(int directory, const char* name, int flags) {
  return base::UniqueFd(openat(directory, name, flags | O_RDONLY | O_CLOEXEC));
}

// Calls `take` for each line of the file, without its newline, until it returns
// false. A table of sockets has many records: read(2) returns a few at a time.
// Returns 0 or an errno.
int ForEachLine(int fd, absl::FunctionRef<bool(std::string_view)> take) {
  std::array<char, size_t{16} << 10> buffer;
  std::string rest;  // The beginning of a line whose end is not read yet.
  while (true) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    if (got == 0) {
      if (!rest.empty()) take(rest);
      return 0;
    }
    std::string_view text(buffer.data(), static_cast<size_t>(got));
    while (true) {
      const size_t end = text.find('\n');
      if (end == std::string_view::npos) break;
      std::string_view line = text.substr(0, end);
      if (!rest.empty()) {
        rest.append(line);
        line = rest;
      }
      if (!take(line)) return 0;
      rest.clear();
      text.remove_prefix(end + 1);
    }
    rest.append(text);
  }
}

// Calls `take` with the name of each entry of the directory but "." and "..".
// Returns 0 or an errno.
int ForEachEntry(int directory, absl::FunctionRef<int(const char* name)> take) {
  alignas(dirent64) std::array<char, size_t{16} << 10> buffer;
  while (true) {
    const ssize_t got = getdents64(directory, buffer.data(), buffer.size());
    if (got < 0) return errno;
    if (got == 0) return 0;
    for (ssize_t at = 0; at < got;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
      at += entry->d_reclen;
      if (entry->d_name[0] == '.') continue;
      if (const int error = take(entry->d_name)) return error;
    }
  }
}

// Reads the details of one process. Errors are errnos: 0, one of IsExhaustion()
// or one of IsGone().
class DetailReader {
 public:
  explicit DetailReader(int directory) : directory_(directory) {}

  int Read(ProcessDetails& details) {
    if (const int error = ReadStartTicks(details)) return error;
    for (const auto read :
         {&DetailReader::ReadPss, &DetailReader::ReadEnvironment,
          &DetailReader::ReadDescriptors, &DetailReader::ReadSockets}) {
      const int error = (this->*read)(details);
      if (IsExhaustion(error)) return error;
      // Other errors cost only their own details.
    }
    // The process existed throughout.
    return ReadStartTicks(details);
  }

 private:
  int ReadStartTicks(ProcessDetails& details) {
    const int error = buffer_.ReadFile(directory_, "stat");
    if (IsExhaustion(error) || IsGone(error)) return error;
    if (error != 0) return 0;  // It exists, but may not be read (hidepid).
    if (const std::optional<StatText> stat = ParseStat(buffer_.text())) {
      details.start_ticks = stat->start_ticks;
    }
    return 0;
  }

  int ReadPss(ProcessDetails& details) {
    const int error = buffer_.ReadFile(directory_, "smaps_rollup");
    // The process exists, or the last step says otherwise: no address space.
    if (error == ESRCH) details.proportional_bytes = 0;
    if (error != 0) return error;
    details.proportional_bytes = ParsePss(buffer_.text()).value_or(-1);
    return 0;
  }

  int ReadEnvironment(ProcessDetails& details) {
    const int error = buffer_.ReadFile(directory_, "environ");
    // As above.
    if (error == ESRCH) details.environment_names.emplace();
    if (error != 0) return error;
    std::vector<std::string>& names = details.environment_names.emplace();
    ForEachVariableName(buffer_.text(), [&names](std::string_view name) {
      names.emplace_back(name);
    });
    return 0;
  }

  // Counts the descriptors, and remembers the inodes of sockets.
  int ReadDescriptors(ProcessDetails& details) {
    const base::UniqueFd links = OpenBelow(directory_, "fd", O_DIRECTORY);
    if (!links.valid()) return errno;
    int64_t count = 0;
    bool all_read = true;
    int error = ForEachEntry(links.get(), [&](const char* name) {
      ++count;
      std::array<char, 64> link;
      const ssize_t size =
          readlinkat(links.get(), name, link.data(), link.size());
      if (size < 0) {
        // ENOENT: it was closed meanwhile.
        if (errno != ENOENT) all_read = false;
        return errno == ENOMEM ? ENOMEM : 0;
      }
      const std::optional<uint64_t> inode =
          ParseSocketLink({link.data(), static_cast<size_t>(size)});
      if (inode) inodes_.push_back(*inode);
      return 0;
    });
    // A zombie has no table of descriptors.
    if (error == ENOENT) error = 0;
    if (error != 0) return error;
    details.open_descriptors = count;
    if (all_read) details.listening.emplace();
    return 0;
  }

  int ReadSockets(ProcessDetails& details) {
    if (!details.listening || inodes_.empty()) return 0;
    std::sort(inodes_.begin(), inodes_.end());
    int error = 0;
    for (const char* const protocol : {"tcp", "tcp6", "udp", "udp6"}) {
      if (error == 0) error = ReadInetTable(protocol, *details.listening);
    }
    if (error == 0) error = ReadUnixTable(*details.listening);
    if (error != 0) {
      details.listening.reset();
      return error;
    }
    const auto key = [](const ListeningSocket& socket) {
      return std::tie(socket.protocol, socket.port, socket.address);
    };
    std::sort(details.listening->begin(), details.listening->end(),
              [key](const ListeningSocket& a, const ListeningSocket& b) {
                return key(a) < key(b);
              });
    return 0;
  }

  bool IsOurs(uint64_t inode) const {
    return std::binary_search(inodes_.begin(), inodes_.end(), inode);
  }

  // The table of the network namespace of the process. A kernel without the
  // protocol has no table.
  int ReadInetTable(const std::string& protocol,
                    std::vector<ListeningSocket>& sockets) {
    const base::UniqueFd table =
        OpenBelow(directory_, absl::StrCat("net/", protocol).c_str(), 0);
    if (!table.valid()) return errno == ENOENT ? 0 : errno;
    const bool is_tcp = protocol.front() == 't';
    return ForEachLine(table.get(), [&](std::string_view line) {
      const std::optional<InetRow> row = ParseInetRow(line);
      if (!row) return true;
      if (row->state == (is_tcp ? kTcpListen : kSocketClosed)) {
        if (IsOurs(row->inode)) {
          sockets.push_back({.protocol = protocol,
                             .address = InetAddressText(row->address),
                             .port = row->port});
        }
        return true;
      }
      // Listening sockets of TCP come first (before Linux 4.4 mixed with those
      // that they are accepting); a machine may have very many others.
      return !is_tcp || row->state == kTcpSynReceived;
    });
  }

  int ReadUnixTable(std::vector<ListeningSocket>& sockets) {
    const base::UniqueFd table = OpenBelow(directory_, "net/unix", 0);
    if (!table.valid()) return errno == ENOENT ? 0 : errno;
    return ForEachLine(table.get(), [&](std::string_view line) {
      const std::optional<UnixRow> row = ParseUnixRow(line);
      if (row && row->is_listening && IsOurs(row->inode)) {
        sockets.push_back(
            {.protocol = "unix", .address = std::string(row->path)});
      }
      return true;
    });
  }

  const int directory_;
  ReadBuffer buffer_;
  std::vector<uint64_t> inodes_;  // Of sockets; sorted by ReadSockets().
};

}  // namespace

absl::StatusOr<ProcessDetails> ReadProcessDetails(const std::string& proc_root,
                                                  int32_t pid) {
  const base::UniqueFd root(
      open(proc_root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) return ListingError(errno);
  const base::UniqueFd directory =
      OpenBelow(root.get(), absl::StrCat(pid).c_str(), O_DIRECTORY);
  int error = directory.valid() ? 0 : errno;
  ProcessDetails details;
  if (error == 0) error = DetailReader(directory.get()).Read(details);
  if (IsGone(error)) {
    return absl::NotFoundError(absl::StrCat("no process has the id ", pid));
  }
  if (error != 0) return ListingError(error);
  return details;
}

}  // namespace tallyman::platform
