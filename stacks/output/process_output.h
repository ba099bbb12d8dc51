// The output of all instances of one process, read once for all its followers.

#ifndef TALLYMAN_STACKS_OUTPUT_PROCESS_OUTPUT_H_
#define TALLYMAN_STACKS_OUTPUT_PROCESS_OUTPUT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/output_broadcast.h"
#include "stacks/output/output_cursor.h"
#include "stacks/output/output_line.h"
#include "stacks/output/output_log.h"

namespace tallyman::stacks {

// The most bytes of the lines that a follower gets first, in all.
inline constexpr int64_t kMaxBacklogBytes = kMaxLogBytes;

// Which output a follower gets.
struct FollowRequest {
  // Only this instance; 0: all, those included that come later.
  int64_t instance = 0;
  // The last `lines` lines of these instances come first.
  std::vector<int64_t> present;
  int64_t lines = 0;
  // Only those of them that match, see OutputSearch. New lines are not looked
  // at: all followers of a process share them.
  std::function<bool(std::string_view line)> matches = {};
  absl::Time since = absl::InfinitePast();
  // Instead of the last lines, the lines after this place. If it is unknown,
  // the stream begins with a gap.
  std::optional<OutputMark> resume = {};
};

// Thread-safe. Calls wait for reads of files, but not for followers.
class ProcessOutput {
 public:
  // The number of the key is not used. `logs` must outlive the object.
  ProcessOutput(const OutputLogs& logs, InstanceKey process,
                std::shared_ptr<const OutputRenderer> renderer,
                size_t ring_bytes);

  // Reads the file of an instance from now on. A file that is read already is
  // left alone, unless another file has its name now: it is read to its end
  // then, and the other one from its beginning.
  absl::Status Add(int64_t number, OutputCursor::From from);

  // Publishes what was appended to the file of an instance, at most 256 KiB;
  // returns whether there is more. `closes`: so many programs and rotations
  // have closed the file since the last call. After a program, the beginning of
  // a line is not continued, and is published.
  absl::StatusOr<bool> Read(int64_t number, int closes);

  // Publishes beginnings of lines to which nothing was added since the last
  // call, and lets quiet streams send a sign of life.
  void Tick();

  // The process was removed: publishes the rest of all files and ends the
  // streams with OutputRenderer::End().
  void Finish();

  // Ends the streams as they are.
  void Close() { broadcast_->Close(OutputBroadcast::Reason::kStop); }

  // Errors are those of reading the files.
  absl::StatusOr<std::unique_ptr<OutputFollower>> Follow(
      const FollowRequest& request);

  int followers() const { return broadcast_->followers(); }
  std::vector<int64_t> instances() const;

 private:
  class Publication;
  struct Instance {
    std::unique_ptr<OutputCursor> cursor;
    // How often the file was closed. Each rotation closes it once, and is
    // noticed before or after that.
    int64_t closes = 0;
    // The bytes that were read at the last Tick().
    int64_t ticked_bytes = 0;
  };
  struct Start;  // Of a stream.

  InstanceKey KeyOf(int64_t number) const;
  absl::StatusOr<bool> ReadInstance(Instance& instance, Publication& to)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Publishes the rest of a file.
  void ReadRest(Instance& instance) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Start Subscribe(const FollowRequest& request);

  const OutputLogs& logs_;
  const InstanceKey process_;
  const uint64_t ring_id_;
  const std::shared_ptr<OutputBroadcast> broadcast_;
  // Held while files are read and their lines are published.
  mutable absl::Mutex mutex_;
  std::map<int64_t, Instance> instances_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_OUTPUT_PROCESS_OUTPUT_H_
