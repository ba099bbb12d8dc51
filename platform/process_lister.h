// Lists the processes of the machine.
//
//   absl::StatusOr<std::unique_ptr<ProcessLister>> lister =
//       ProcessLister::Create({});
//   if (!lister.ok()) return lister.status();
//   absl::StatusOr<ProcessSnapshot> snapshot = (*lister)->List({});
//   if (!snapshot.ok()) return snapshot.status();
//   for (const Process& process : snapshot->processes()) {
//     std::cout << process.pid << " " << process.name << "\n";
//   }
//
// One header for every system. Linux is complete; elsewhere Create() returns
// Unimplemented.

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

// The answer: processes in the order of the query, and the memory that they
// point into. Movable; moving keeps the views valid. Const access is
// thread-safe.
class ProcessSnapshot {
 public:
  ProcessSnapshot(std::vector<Process> processes, std::vector<Arena> storage,
                  absl::Time taken_at)
      : processes_(std::move(processes)),
        storage_(std::move(storage)),
        taken_at_(taken_at) {}

  absl::Span<const Process> processes() const { return processes_; }

  // When the scan began: everything in the snapshot was read after this.
  absl::Time taken_at() const { return taken_at_; }

 private:
  std::vector<Process> processes_;
  std::vector<Arena> storage_;
  absl::Time taken_at_;
};

// Reads the process list anew at each call. Thread-safe. Lists of all processes
// take turns, each with all threads; lists of chosen pids wait for nobody.
//
// Between lists of all processes it keeps their files open, which makes the
// next one about twice as fast and never wrong: what is read is what holds at
// that moment, of the process that has the pid at that moment. See
// Options::max_kept_descriptors for the price.
class ProcessLister {
 public:
  struct Options {
    // Where the proc(5) file system is mounted. Another root can be a recorded
    // tree.
    std::string proc_root = "/proc";

    // The most threads one List() uses; 0 means as many as there are
    // processors. Short lists are read by the calling thread alone.
    int max_threads = 0;

    // The most descriptors that are kept between lists; 0 keeps none. Three
    // make a list with the usual fields fast, for one process; processes beyond
    // are read without. Kept are only descriptors below four fifths of the soft
    // limit on open files (RLIMIT_NOFILE) at that time, so that the rest of the
    // program has what is above. Each costs the kernel about 3 KiB of
    // memory.
    int64_t max_kept_descriptors = 32768;

    // They are closed when nobody has listed for this long. A thread of the
    // lister's sleeps until then.
    absl::Duration keep_for = absl::Minutes(2);

    // The name of a user id; an empty answer means "has no name". Called from
    // several threads at once. Null means the system's user database.
    std::function<std::string(uint32_t uid)> user_name;
  };

  // Fails with NotFound or PermissionDenied where `proc_root` cannot be opened,
  // and with Unimplemented on systems without a backend.
  static absl::StatusOr<std::unique_ptr<ProcessLister>> Create(Options options);

  virtual ~ProcessLister() = default;
  ProcessLister(const ProcessLister&) = delete;
  ProcessLister& operator=(const ProcessLister&) = delete;

  // What is running. A process that ends during the scan is left out or is
  // listed as a zombie, never half-filled. A file that the caller may not read
  // costs only its own fields. Fails with Unavailable when the caller is out
  // of file descriptors, and with Internal when the list itself is unreadable.
  virtual absl::StatusOr<ProcessSnapshot> List(
      const ProcessQuery& query) const = 0;

  // How many descriptors are kept now.
  virtual int64_t kept_descriptors() const = 0;

  // Closes those that are kept, for a program that runs out of them; the next
  // list may keep as many again. True if there were any. Does not wait: false,
  // too, while a list of all processes is under way.
  virtual bool CloseKeptDescriptors() const = 0;

 protected:
  ProcessLister() = default;
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_PROCESS_LISTER_H_
