// A cache of open files below /proc/PID: opening and closing such a file costs
// more than reading it, so it stays open between scans.
//
// A descriptor belongs to the process that it was opened for, not to the pid:
// once that process is reaped every read fails with ESRCH, even if another
// process has the pid. The kernel makes the text at each read, so after an
// execve(2) the file shows the new program. The kernel checks the permission to
// read `io` at each read, and the permission to open the others (hidepid of
// proc(5)) only when they are opened; see CachedFiles::owner.

#ifndef TALLYMAN_PLATFORM_LINUX_PROC_FILE_CACHE_H_
#define TALLYMAN_PLATFORM_LINUX_PROC_FILE_CACHE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace tallyman::platform {

// The files of a process that the lister reads.
enum class ProcFile : uint8_t {
  kArguments,
  kIo,
  kStat,
  kStatm,
  kStatus,
  kCgroup
};
inline constexpr size_t kNumProcFiles = 6;

// The cached files of one process. Plain numbers, which ProcFileCache owns:
// Align() moves thousands of entries at each scan, and copies them as bytes.
struct CachedFiles {
  bool has_any = false;
  std::array<int, kNumProcFiles> fds = {-1, -1, -1,
                                        -1, -1, -1};  // By ProcFile.
  // The effective user when the files were opened; nullopt until it is read.
  std::optional<uint32_t> owner;
  // When the process started, which never changes; -1 until it is read.
  int64_t start_ticks = -1;
};

// Bounds of the cache. The system gives out the lowest free descriptor, so
// `fd_limit` leaves the numbers from there on to the rest of the program.
struct CacheLimits {
  int fd_limit = 0;       // Only descriptors below this are cached.
  int64_t max_files = 0;  // Of all processes together.
};

// The open files of all processes. SetLimits(), Align() and Clear() need
// exclusive access; between them any number of threads may call At(), Add() and
// Evict(), each for other entries. size() is thread-safe.
class ProcFileCache {
 public:
  ProcFileCache() = default;
  ~ProcFileCache() { Clear(); }
  ProcFileCache(const ProcFileCache&) = delete;
  ProcFileCache& operator=(const ProcFileCache&) = delete;

  // Makes the i-th entry that of `pids[i]`; they ascend. Closes the files of
  // all other processes.
  void Align(const std::vector<int32_t>& pids);

  // The entry at an index of the last Align().
  CachedFiles& At(size_t index) { return entries_[index]; }

  void SetLimits(CacheLimits limits) { limits_ = limits; }

  // Adds `fd`, a new file of `entry`. True if the limits allow it: the cache
  // owns `fd` from then on.
  bool Add(ProcFile file, int fd, CachedFiles& entry);

  // Closes the files of `entry`.
  void Evict(CachedFiles& entry);

  // Closes all files and frees their memory. False if there were none.
  bool Clear();

  // The number of descriptors.
  int64_t size() const { return size_.load(std::memory_order_relaxed); }

 private:
  CacheLimits limits_;
  std::vector<int32_t> pids_;
  std::vector<CachedFiles> entries_;  // By index of `pids_`.
  std::atomic<int64_t> size_ = 0;
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_LINUX_PROC_FILE_CACHE_H_
