// Lets many readers follow the output of processes while it is written.
//
//   absl::StatusOr<std::unique_ptr<OutputHub>> hub =
//       OutputHub::Start(logs, {});
//   absl::StatusOr<std::unique_ptr<OutputFollower>> follower =
//       (*hub)->Follow(uid, "web", {.present = {1}, .lines = 10}, renderer);
//   (*follower)->Start([] { ... wake the reader ... });

#ifndef TALLYMAN_STACKS_OUTPUT_OUTPUT_HUB_H_
#define TALLYMAN_STACKS_OUTPUT_OUTPUT_HUB_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "stacks/output/output_broadcast.h"
#include "stacks/output/output_line.h"
#include "stacks/output/output_log.h"
#include "stacks/output/process_output.h"

namespace tallyman::stacks {

// One thread for all streams, which waits in the kernel (inotify(7)) while no
// followed file is written to. A file that grows is read once for all its
// followers, split into lines and rendered once, into a ring of the process
// (OutputBroadcast). So the memory of a process is bounded however many
// followers it has and however slow they are.
//
// Each line that is written is sent once, also if the file is rotated, if the
// instance ends and comes back, if an instance is added, and if the follower
// comes back in time (FollowRequest::resume). Where that can't be, a gap is
// sent. A line without an end is sent as a piece when its program has closed
// the file, when it is longer than kMaxOutputPieceBytes, or when nothing was
// added for one to two `keep_alive`.
//
// The thread is not that of OutputWatcher: one reads at once and the other one
// waits for a second, and copies files. Thread-safe. Linux only.
class OutputHub {
 public:
  struct Options {
    // After it has read files the thread rests so long: what is written
    // meanwhile is sent together.
    absl::Duration interval = absl::Milliseconds(10);
    // Streams that are quiet for so long give a sign of life.
    absl::Duration keep_alive = absl::Seconds(15);
    // The size of the ring of a process. It is kept for one to two `keep_alive`
    // after its last follower has left.
    size_t ring_bytes = size_t{4} << 20;
    // Whether a process exists; if it does no more, its streams end. Called
    // from any thread; empty: all exist until their files are removed.
    std::function<bool(std::string_view stack_uid, std::string_view process)>
        exists;
    // Called from the thread when output can't be read, or not be followed.
    std::function<void(const absl::Status&)> on_error;
  };

  // `logs` must outlive the hub. ResourceExhausted if the process is out of
  // descriptors or the user out of inotify instances.
  static absl::StatusOr<std::unique_ptr<OutputHub>> Start(
      const OutputLogs& logs, Options options);

  // Ends all streams.
  virtual ~OutputHub() = default;

  // A stream of the output of a process, whose files need not exist yet. Reads
  // files. All followers of a process share the renderer of the first of them,
  // so equal processes need equal renderers. ResourceExhausted if the user is
  // out of watches (fs.inotify.max_user_watches) or the process out of
  // descriptors: each file that is followed needs one of both.
  virtual absl::StatusOr<std::unique_ptr<OutputFollower>> Follow(
      const std::string& stack_uid, const std::string& process,
      const FollowRequest& request,
      std::shared_ptr<const OutputRenderer> renderer) = 0;

  // Ends the streams of processes that do not exist any more. Quick: the thread
  // does it. Call it when `exists` may have changed.
  virtual void CheckProcesses() = 0;

  // How many processes are followed.
  virtual int processes() const = 0;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_OUTPUT_OUTPUT_HUB_H_
