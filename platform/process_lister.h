// Lists the processes of the machine.
//
// One header for all systems. There are implementations for Linux, Windows and
// macOS; on other systems Create() returns Unimplemented. README.md has a table
// of the fields on each system.
//
// Example: platform/process_lister_example_test.cc

#ifndef TALLYMAN_PLATFORM_PROCESS_LISTER_H_
#define TALLYMAN_PLATFORM_PROCESS_LISTER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/arena.h"
#include "platform/process.h"

namespace tallyman::platform {

// The processes in the order of the query, and the memory that they point into.
// Movable; moving keeps the views valid. Const access is thread-safe.
class ProcessSnapshot {
 public:
  ProcessSnapshot(std::vector<Process> processes, std::vector<Arena> storage,
                  absl::Time taken_at)
      : processes_(std::move(processes)),
        storage_(std::move(storage)),
        taken_at_(taken_at) {}

  absl::Span<const Process> processes() const { return processes_; }

  // When the scan began: the lister read all of the snapshot later.
  absl::Time taken_at() const { return taken_at_; }

 private:
  std::vector<Process> processes_;
  std::vector<Arena> storage_;
  absl::Time taken_at_;
};

// Reads the process list at each call. Thread-safe. Lists of all processes run
// one after the other, each with all threads; lists of chosen pids do not wait.
//
// On Linux, between lists of all processes the lister keeps their files open,
// which makes the next list about twice as fast. It never shows old data: each
// read of /proc returns the current text of the process that has the pid now.
// See Options::max_kept_descriptors for the cost.
class ProcessLister {
 public:
  struct Options {
    // The mount point of proc(5), or a recorded tree.
    std::string proc_root = "/proc";

    // The most threads one List() uses; 0 means as many as there are
    // processors. Short lists are read by the calling thread alone.
    int max_threads = 0;

    // The maximal number of descriptors to keep open between lists; 0 keeps
    // none. A process needs three for the usual fields; the lister opens and
    // closes the files of further processes at each list. It keeps only
    // descriptors below four fifths of the current soft limit on open files
    // (RLIMIT_NOFILE), which leaves the others to the rest of the program. Each
    // costs the kernel about 3 KiB of memory.
    int64_t max_kept_descriptors = 32768;

    // The lister closes them after this time without a list of all processes. A
    // thread of the lister waits for that.
    absl::Duration keep_for = absl::Minutes(2);

    // Returns the name of a user id, or "" if it has none. Several threads call
    // it concurrently. Null means the system's user database.
    std::function<std::string(uint32_t uid)> user_name;
  };

  // NotFound or PermissionDenied if `proc_root` cannot be opened; Unimplemented
  // on systems without an implementation.
  static absl::StatusOr<std::unique_ptr<ProcessLister>> Create(Options options);

  virtual ~ProcessLister() = default;
  ProcessLister(const ProcessLister&) = delete;
  ProcessLister& operator=(const ProcessLister&) = delete;

  // The processes of the query. A process that ends during the scan is left out
  // or listed as a zombie, never half-filled. A file that the caller may not
  // read costs only its own fields. Unavailable if the caller is out of file
  // descriptors or memory; Internal if the list of pids is unreadable.
  virtual absl::StatusOr<ProcessSnapshot> List(
      const ProcessQuery& query) const = 0;

  // The number of descriptors that the lister keeps open now.
  virtual int64_t kept_descriptors() const = 0;

  // Closes them, for a program that runs out of descriptors; the next list may
  // keep as many again. False if there were none. Does not wait: also false
  // during a list of all processes.
  virtual bool CloseKeptDescriptors() const = 0;

 protected:
  ProcessLister() = default;
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_PROCESS_LISTER_H_
