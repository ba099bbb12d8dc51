// Starts an instance: output, cgroup, gate, the child that the keeper forks,
// its release, the program. Reports the stages of the launch, up to the end of
// its leading process.

#ifndef TALLYMAN_STACKS_SUPERVISOR_LAUNCHER_H_
#define TALLYMAN_STACKS_SUPERVISOR_LAUNCHER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "platform/base/event_loop.h"
#include "platform/cgroup.h"
#include "platform/held_child.h"
#include "stacks/keeper/link.h"
#include "stacks/keeper/protocol.h"
#include "stacks/model/notice.h"
#include "stacks/output/output_log.h"
#include "stacks/supervisor/instance.h"

namespace tallyman::stacks {

// Describes a status of waitpid(2): "exited with code 3", "killed by SIGSEGV".
std::string DescribeWaitStatus(int32_t wait_status);

// Not thread-safe: lives in the thread of its loop.
class Launcher {
 public:
  struct Options {
    std::string
        directory;        // The data directory, which has the keeper's socket.
    std::string program;  // To start as a keeper, see StartKeeper().
    std::string boot_id;  // Of this boot, see platform::BootId().
    // Null: launches get no cgroup. Must outlive the launcher.
    const platform::CgroupParent* cgroups = nullptr;
  };

  struct Callbacks {
    // The child was forked: kHeld, with identity and handle. Make these
    // durable, then call Release().
    std::function<void(Instance&)> held;
    // The program was executed: kRunning.
    std::function<void(Instance&)> running;
    // The leading process ended, in any phase; `exit` is set.
    std::function<void(Instance&)> ended;
    // The child could not be forked: kWaiting, with the reason.
    std::function<void(Instance&, const absl::Status&)> failed;
    // The keeper ended before it answered, or never got the request: kWaiting.
    std::function<void(Instance&)> unstarted;
    // The keeper has ended and the process lives on.
    std::function<void(Instance&)> orphaned;
    // The connection to the keeper broke while it had children.
    std::function<void(const absl::Status&)> keeper_lost;
    NoticeSink notices;
  };

  // `loop`, `logs` must outlive the launcher.
  Launcher(Options options, Callbacks callbacks, base::EventLoop& loop,
           const OutputLogs& logs);

  // Takes over an instance of an earlier server: `launch` is set, and `handle`
  // if its process is still there. Call before Connect().
  void Adopt(Instance& instance);

  // Connects to the keeper, or starts one: see KeeperLink::Connect(). Exits
  // that the keeper reports of adopted instances are `ended` at once.
  void Connect() { link_.Connect(); }
  bool connected() const { return link_.connected(); }

  // False without a keeper, and while kMaxUnderWay instances start.
  bool has_room() const { return connected() && under_way_ < kMaxUnderWay; }

  // kWaiting to kSpawning. The caller has set `launch`, `launch_hash` and
  // `generation`. An error leaves the instance in kWaiting.
  absl::Status Start(Instance& instance, platform::LaunchSpec spec);

  // kHeld to kReleased.
  void Release(Instance& instance);

  // Closes the gate of an instance that was not released: its child ends.
  void CloseGate(Instance& instance);

  // The end of this launch is durable and none of its processes is left.
  void Forget(const std::string& launch) { link_.Forget(launch); }

  // The program of an instance that was adopted in kReleased runs.
  void Confirm(Instance& instance) { SetRunning(instance); }

 private:
  static constexpr size_t kMaxUnderWay = 128;

  KeeperLink::Callbacks LinkCallbacks();
  void OnFound(Instance& instance, const keeper::Child& child);
  void OnSpawned(Instance& instance, int32_t pid, int64_t start_ticks);
  void OnGate(Instance& instance);
  void OnOrphaned(Instance& instance);
  void OnUnreachable(Instance& instance);
  void OnEndedUnseen(Instance& instance, std::string text);
  void SetRunning(Instance& instance);
  void SetPhase(Instance& instance, Phase phase);
  // `exited_unreleased`: the exit code is kNeverReleasedExitCode.
  void OnEnded(Instance& instance, ExitReport report,
               bool exited_unreleased = false);
  void OnExit(Instance& instance, int32_t wait_status);
  // Back to kWaiting, as before Start().
  void Abandon(Instance& instance);
  void RemoveCgroup(const std::string& launch);
  Instance* Find(const std::string& launch);

  const Options options_;
  const Callbacks callbacks_;
  base::EventLoop& loop_;
  const OutputLogs& logs_;
  // Instances in any phase except kWaiting whose process has not ended, by
  // launch.
  std::map<std::string, Instance*> by_launch_;
  size_t under_way_ = 0;  // Instances in kSpawning or kHeld.
  KeeperLink link_;       // Last: its callbacks use the above.
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_LAUNCHER_H_
