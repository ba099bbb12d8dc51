// Descriptors of files below /proc/PID that stay open between scans: opening
// and closing such a file costs more than reading it.
//
// A descriptor belongs to the process that it was opened for, not to the pid:
// once that process is reaped every read fails with ESRCH, whoever has the pid
// then. What a read returns is made at that moment, so a program that was
// executed meanwhile shows as itself. Who may read `io` is checked at each
// read; who may open the others (hidepid of proc(5)) only when they are opened.

#ifndef TALLYMAN_PLATFORM_LINUX_KEPT_FILES_H_
#define TALLYMAN_PLATFORM_LINUX_KEPT_FILES_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace tallyman::platform {

// The files of a process that are read.
enum class ProcFile : uint8_t { kArguments, kIo, kStat, kStatm, kStatus };
inline constexpr size_t kNumProcFiles = 5;

// What is kept of one process.
struct KeptFiles {
  bool has_any = false;
  std::array<int, kNumProcFiles> fds = {-1, -1, -1, -1, -1};  // By ProcFile.
  // The effective user when they were opened, once it is known.
  std::optional<uint32_t> owner;
};

// How many may be kept: while the number of a new descriptor is below `below`
// (the system gives out the lowest that is free, so this leaves the numbers
// above to all others in this program) and no more than `at_most`.
struct KeepLimits {
  int below = 0;
  int64_t at_most = 0;
};

// The kept files of all processes. One thread may align or close; between that,
// any number of threads may read, each the files of other processes.
class KeptFileTable {
 public:
  KeptFileTable() = default;
  ~KeptFileTable() { CloseAll(); }
  KeptFileTable(const KeptFileTable&) = delete;
  KeptFileTable& operator=(const KeptFileTable&) = delete;

  // Makes the i-th entry that of `pids[i]`; they ascend. What is kept of others
  // is closed.
  void Align(const std::vector<int32_t>& pids);

  // The entry at an index of the last Align().
  KeptFiles& At(size_t index) { return files_[index]; }

  void SetLimits(KeepLimits limits) { limits_ = limits; }

  // Whether `fd`, a new file of an entry, was kept: the table owns it then.
  bool Keep(ProcFile file, int fd, KeptFiles& files);

  void Close(KeptFiles& files);
  // False if there were none.
  bool CloseAll();

  // How many descriptors it has.
  int64_t size() const { return size_.load(std::memory_order_relaxed); }

 private:
  KeepLimits limits_;
  std::vector<int32_t> pids_;
  std::vector<KeptFiles> files_;
  std::atomic<int64_t> size_ = 0;
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_LINUX_KEPT_FILES_H_
