// What reading /proc costs with nothing else: the floor that a listing of
// processes stands on.
//
// A walk reads the directory (getdents64) and some files of each process; by
// default `status`, `io` and `cmdline`, which hold the ten fields that are
// listed by default. It looks at no byte of them. System calls are made
// directly, and threads are started for each walk, as a plain program would.

#ifndef TALLYMAN_TOOLS_BENCH_PROC_FLOOR_H_
#define TALLYMAN_TOOLS_BENCH_PROC_FLOOR_H_

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"

namespace tallyman::bench {

// Not thread-safe.
class ProcFloor {
 public:
  enum class Files {
    kOpened,  // openat, read, close, each time.
    kKept,    // Opened once and read with pread; three descriptors a process.
  };

  // Names in /proc/PID of the files that are read, three at most.
  using Names = std::vector<std::string>;
  static Names DefaultNames() { return {"status", "io", "cmdline"}; }

  // `threads` is at least 1: the calling one and as many more as are needed.
  // InvalidArgument if there are too many names, or one is too long.
  static absl::StatusOr<std::unique_ptr<ProcFloor>> Create(
      Files files, int threads, Names names = DefaultNames());

  ProcFloor(const ProcFloor&) = delete;
  ProcFloor& operator=(const ProcFloor&) = delete;

  // Reads all once; how many processes there were. Files::kKept opens those of
  // processes that are new and closes those of which are gone: where
  // descriptors run out it fails with ResourceExhausted, as it would not be a
  // floor any more.
  absl::StatusOr<size_t> Walk();

 private:
  static constexpr size_t kMostFiles = 3;
  struct Kept {
    pid_t pid = 0;
    std::array<base::UniqueFd, kMostFiles> files;
  };

  ProcFloor(base::UniqueFd proc, Files files, int threads, Names names);

  // Fills pids_, ascending as the kernel lists them.
  bool ListPids();
  // Makes kept_ have just the processes of pids_.
  bool UpdateKept();
  // Takes processes until none is left. Called by each thread.
  void ReadSome();
  void ReadOpened(pid_t pid, char* buffer) const;

  const base::UniqueFd proc_;
  const Files files_;
  const int threads_;
  const Names names_;
  std::vector<char> entries_;
  std::vector<pid_t> pids_;
  std::vector<Kept> kept_;
  std::atomic<size_t> next_ = 0;
};

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_PROC_FLOOR_H_
