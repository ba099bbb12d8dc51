// Rotates output files when they have grown and keeps when they grew, and
// sleeps while none grows.
//
//   absl::StatusOr<std::unique_ptr<OutputWatcher>> watcher =
//       OutputWatcher::Start(logs, {});
//   (*watcher)->Add(key);  // once OutputLogs::OpenForAppend(key) made the file

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
// written to, then looks at its size, and not again within `interval`. At each
// look it marks the time (OutputLogs::MarkTime()): unless the machine is so
// busy that the thread does not run for an interval, a mark is about two
// intervals wide, and the time that rotations took meanwhile. It wakes
// at most a few times an interval for all files together, however much is
// written, and not at all while nothing is written. Thread-safe. Linux only.
class OutputWatcher {
 public:
  struct Options {
    absl::Duration interval = absl::Seconds(1);
    // Called from the thread with errors such as a full disk. A file that can't
    // be watched (fs.inotify.max_user_watches) is reported once, and tried
    // again every 30 intervals.
    std::function<void(const absl::Status&)> on_error;
    // Called from the thread after each rotation.
    std::function<void(const InstanceKey&)> on_rotated;
  };
  // `logs` must outlive the watcher. InvalidArgument if the interval is not
  // positive; ResourceExhausted if the process is out of descriptors or the
  // user out of inotify instances (fs.inotify.max_user_instances).
  static absl::StatusOr<std::unique_ptr<OutputWatcher>> Start(
      const OutputLogs& logs, Options options);

  // Ends the thread. Waits for a rotation in progress.
  virtual ~OutputWatcher() = default;

  // Watches the file of an instance from now on, and looks at its size soon.
  // The file must exist. A second call changes nothing. Neither Add() nor
  // Remove() waits for the copy of a rotation.
  virtual void Add(const InstanceKey& key) = 0;
  // A rotation in progress is still completed. Looks at the file a last time,
  // soon.
  virtual void Remove(const InstanceKey& key) = 0;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_OUTPUT_OUTPUT_WATCHER_H_
