// The floor of a listing of processes: the cost of reading /proc and nothing
// else.
//
// A walk reads the directory (getdents64(2)) and some files of each process: by
// default `status`, `io` and `cmdline`, which hold the ten fields that are
// listed by default. It parses nothing. It makes system calls directly, and
// starts its threads for each walk, as a plain program would.

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
    kOpened,  // openat, read and close for each file.
    kKept,    // pread of descriptors that stay open; three per process.
  };

  // Names of files in /proc/PID, at most three.
  using Names = std::vector<std::string>;
  static Names DefaultNames() { return {"status", "io", "cmdline"}; }

  // `threads` includes the calling one; less than 1 means 1. InvalidArgument if
  // there are too many names, or one is too long.
  static absl::StatusOr<std::unique_ptr<ProcFloor>> Create(
      Files files, int threads, Names names = DefaultNames());

  ProcFloor(const ProcFloor&) = delete;
  ProcFloor& operator=(const ProcFloor&) = delete;

  // Reads all files once; the number of processes. Files::kKept opens the files
  // of new processes and closes those of ended ones. ResourceExhausted if
  // descriptors run out.
  absl::StatusOr<size_t> Walk();

 private:
  static constexpr size_t kMaxFiles = 3;
  struct Kept {
    pid_t pid = 0;
    std::array<base::UniqueFd, kMaxFiles> files;
  };

  ProcFloor(base::UniqueFd proc, Files files, int threads, Names names);

  // Fills pids_, in ascending order, which is the kernel's.
  bool ListPids();
  // Makes kept_ match pids_.
  bool UpdateKept();
  // Each thread runs it: takes processes until none is left.
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
