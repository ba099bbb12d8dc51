// Rotates output files that grow, and sleeps while none does.

#ifndef TALLYMAN_STACKS_OUTPUT_OUTPUT_WATCHER_H_
#define TALLYMAN_STACKS_OUTPUT_OUTPUT_WATCHER_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/output_log.h"

namespace tallyman::stacks {

// A thread that waits in the kernel (inotify(7)) until a watched file is
// written to, then looks at its size, and not again within `interval` however
// much is written: it wakes at most a few times an interval, for all files
// together. Thread-safe. Linux only.
class OutputWatcher {
 public:
  struct Options {
    absl::Duration interval = absl::Seconds(1);
    // Called from the thread with what went wrong, such as a full disk. For a
    // file that can't be watched (fs.inotify.max_user_watches) once; it is
    // tried again every 30 intervals.
    std::function<void(const absl::Status&)> on_error;
    // Called from the thread after each rotation.
    std::function<void(const InstanceKey&)> on_rotated;
  };
  // `logs` must outlive the watcher.
  static absl::StatusOr<std::unique_ptr<OutputWatcher>> Start(
      const OutputLogs& logs, Options options);

  // Ends the thread. Waits for a rotation that is under way.
  virtual ~OutputWatcher() = default;

  // Watches the file of an instance, which must be there, from now on; its size
  // is looked at soon in any case. Doing it again changes nothing. Like
  // Remove() it never waits for a file to be copied.
  virtual void Add(const InstanceKey& key) = 0;
  // A rotation that is under way is still finished.
  virtual void Remove(const InstanceKey& key) = 0;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_OUTPUT_OUTPUT_WATCHER_H_
