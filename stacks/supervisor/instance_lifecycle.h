// The state machine of one instance: the transitions of docs/lifecycle.md, each
// a function here. It decides what an order or an event means for the instance;
// Launcher and Stopper carry that out and report the events.

#ifndef TALLYMAN_STACKS_SUPERVISOR_INSTANCE_LIFECYCLE_H_
#define TALLYMAN_STACKS_SUPERVISOR_INSTANCE_LIFECYCLE_H_

#include <cstdint>
#include <string>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "stacks/model/event.h"
#include "stacks/output/output_log.h"
#include "stacks/output/output_watcher.h"
#include "stacks/supervisor/backoff.h"
#include "stacks/supervisor/instance.h"
#include "stacks/supervisor/instance_table.h"
#include "stacks/supervisor/journal.h"
#include "stacks/supervisor/launcher.h"
#include "stacks/supervisor/stopper.h"

namespace tallyman::stacks {

// The instances are those of the table, where each change of one is marked. Not
// thread-safe: belongs to the thread of its loop.
class InstanceLifecycle {
 public:
  struct Options {
    BackoffOptions backoff;
    // How long a program has to run before the instance counts as running for
    // an action: a program that ends at once does not.
    absl::Duration settle_time = absl::Seconds(1);
    // RLIMIT_NOFILE of instances whose definition has none; 0: the keeper's.
    int64_t default_open_files = 0;
    OutputWatcher* output_watcher = nullptr;  // May be null.
  };

  // All must outlive the lifecycle.
  struct Parts {
    base::EventLoop& loop;
    InstanceTable& table;
    Journal& journal;
    Launcher& launcher;
    Stopper& stopper;
    const OutputLogs& logs;
  };

  InstanceLifecycle(Options options, const Parts& parts)
      : options_(options), parts_(parts) {}

  // --- Orders of the reconciler. `cause` is for the event log.

  // Starts the instance if it has no process and need not wait for its next
  // try. False if the launcher has no room for it now.
  bool StartIfDue(Instance& instance);
  // Stops the instance and erases it once nothing of its launch is left.
  void Remove(Instance& instance, std::string cause);
  // Stops the instance; it starts again once nothing of its launch is left.
  void Restart(Instance& instance, std::string cause);
  // Ends the wait for the next try, and forgets the failures before it.
  void SkipBackoff(Instance& instance);
  // Pauses or resumes the instance, and whatever process it has later. The
  // signal is sent after the next commit, also if the record has the state
  // already: the server that wrote it may have died before it sent the signal.
  void SetPaused(Instance& instance, bool paused, std::string cause);

  // --- Events; see Launcher::Callbacks and Stopper.

  void OnHeld(Instance& instance);
  void OnRunning(Instance& instance);
  void OnEnded(Instance& instance);
  void OnGone(Instance& instance);
  void OnUnstarted(Instance& instance);
  void OnStartFailed(Instance& instance, const absl::Status& why);

 private:
  absl::Status Start(Instance& instance);
  void Stop(Instance& instance, std::string cause);
  void RetryAfterFailure(Instance& instance, absl::Duration ran);
  void RecordExit(Instance& instance);
  // Adds the event to the journal and to the counts of the group.
  void AddEvent(EventKind kind, const Instance& instance, std::string cause);
  void Erase(Instance& instance);

  const Options options_;
  const Parts parts_;
  absl::BitGen random_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_INSTANCE_LIFECYCLE_H_
