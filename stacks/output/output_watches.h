// Says which output files have changed: inotify(7) in terms of instances.

#ifndef TALLYMAN_STACKS_OUTPUT_OUTPUT_WATCHES_H_
#define TALLYMAN_STACKS_OUTPUT_OUTPUT_WATCHES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "platform/base/unique_fd.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/output_log.h"

namespace tallyman::stacks {

// Thread-safe. Linux only.
class OutputWatches {
 public:
  struct Change {
    enum class Kind : uint8_t {
      kWritten,       // A file.
      kClosed,        // A file, by a program or a rotation that could write.
      kCreated,       // A file has a new name: it was made, or moved there.
      kStackCreated,  // The directory of a stack. Only `stack_uid` is set.
      kStackRemoved,  // Likewise.
      kOverflow,      // Changes were lost: anything may have changed.
    };
    Kind kind;
    InstanceKey key;
  };

  // `logs` must outlive the object. ResourceExhausted if the process is out of
  // descriptors or the user out of inotify instances.
  static absl::StatusOr<std::unique_ptr<OutputWatches>> Create(
      const OutputLogs& logs);
  OutputWatches(const OutputWatches&) = delete;
  OutputWatches& operator=(const OutputWatches&) = delete;

  // Readable when there are changes.
  int fd() const { return inotify_.get(); }

  // All changes since the last call. One change may stand for several.
  std::vector<Change> Read();

  // A second call for the same does nothing. NotFound if there is no such
  // directory or file; ResourceExhausted if the user is out of watches
  // (fs.inotify.max_user_watches).
  // For kStackCreated and kStackRemoved.
  absl::Status WatchStacks();
  // For kCreated.
  absl::Status WatchStack(std::string_view stack_uid);
  // For kWritten and kClosed.
  absl::Status WatchFile(const InstanceKey& key);

  // Nothing happens if it is not watched.
  void UnwatchStack(std::string_view stack_uid);
  void UnwatchFile(const InstanceKey& key);

 private:
  OutputWatches(const OutputLogs& logs, base::UniqueFd inotify)
      : logs_(logs), inotify_(std::move(inotify)) {}

  // A directory has a key without a process; that of all stacks an empty one.
  absl::Status Watch(const InstanceKey& key, const std::string& path,
                     uint32_t mask) ABSL_LOCKS_EXCLUDED(mutex_);
  void Unwatch(const InstanceKey& key) ABSL_LOCKS_EXCLUDED(mutex_);
  void Translate(int watch, uint32_t mask, std::string_view name,
                 std::vector<Change>& changes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const OutputLogs& logs_;
  const base::UniqueFd inotify_;
  absl::Mutex mutex_;
  std::map<InstanceKey, int> watches_ ABSL_GUARDED_BY(mutex_);
  std::map<int, InstanceKey> keys_ ABSL_GUARDED_BY(mutex_);  // By watch.
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_OUTPUT_OUTPUT_WATCHES_H_
