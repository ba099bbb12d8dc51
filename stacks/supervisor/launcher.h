// The way from "start this instance" to a running program, and the connection
// to the keeper, who forks and waits for all of them.

#ifndef TALLYMAN_STACKS_SUPERVISOR_LAUNCHER_H_
#define TALLYMAN_STACKS_SUPERVISOR_LAUNCHER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "platform/cgroup.h"
#include "platform/held_child.h"
#include "platform/process_handle.h"
#include "stacks/keeper/client.h"
#include "stacks/keeper/protocol.h"
#include "stacks/model/notice.h"
#include "stacks/output/output_log.h"
#include "stacks/supervisor/instance.h"

namespace tallyman::stacks {

// "exited with code 3", "killed by SIGSEGV": of a status of waitpid(2).
std::string DescribeWaitStatus(int32_t wait_status);

// Not thread-safe: lives in the thread of its loop.
class Launcher {
 public:
  struct Options {
    std::string directory;  // Of the keeper's socket.
    std::string program;    // To start as a keeper, see StartKeeper().
    std::string boot_id;
    // Null: launches get no cgroup. Must outlive the launcher.
    const platform::CgroupParent* cgroups = nullptr;
  };

  // What it tells. Instances are in the phase that the name says.
  struct Callbacks {
    // A child was forked: kHeld, with identity and handle. Release() is due
    // once that is durable.
    std::function<void(Instance&)> held;
    // Its program was executed: kRunning.
    std::function<void(Instance&)> running;
    // Its leading process ended, in whatever phase; `exit` is set.
    std::function<void(Instance&)> ended;
    // It could not be forked: kWaiting, with the reason.
    std::function<void(Instance&, const absl::Status&)> failed;
    // The keeper went away before it could say anything: kWaiting.
    std::function<void(Instance&)> unstarted;
    // The process lives on without its keeper.
    std::function<void(Instance&)> orphaned;
    NoticeSink notices;
  };

  // `loop`, `logs` must outlive the launcher.
  Launcher(Options options, Callbacks callbacks, base::EventLoop& loop,
           const OutputLogs& logs);

  // Takes over an instance of an earlier server: `launch` is set, and `handle`
  // if its process is still there. Before Connect().
  void Adopt(Instance& instance);

  // Connects to the keeper, or starts one, and compares what it has with what
  // was adopted. If that fails it is tried again, ever more slowly.
  void Connect();
  bool connected() const { return client_ != nullptr; }

  // Starts as many at once as it makes sense to have under way.
  bool has_room() const { return connected() && under_way_ < kMaxUnderWay; }

  // kWaiting to kSpawning; `launch` and what it was started with are set by the
  // caller. An error leaves it in kWaiting.
  absl::Status Start(Instance& instance, platform::LaunchSpec spec);

  // kHeld to kReleased.
  void Release(Instance& instance);

  // Closes the gate of an instance that was not released: its child ends.
  void CloseGate(Instance& instance);

  // Its end is written down and nothing of it is left.
  void Forget(const std::string& launch);

  // For an instance that was adopted in kReleased: its program runs.
  void Confirm(Instance& instance) { SetRunning(instance); }

 private:
  static constexpr size_t kMaxUnderWay = 128;

  // What the keeper has and no record tells of.
  struct Stray {
    std::optional<platform::ProcessHandle> handle;
    base::EventLoop::Registration timer;
  };

  absl::Status TryConnect();
  void RetryLater();
  void CompareChildren();
  void AddStray(const keeper::Child& child);
  void OnSocket();
  void OnMessage(const keeper::Message& message);
  void OnSpawned(Instance& instance, int32_t pid, int64_t start_ticks);
  void OnGate(Instance& instance);
  void OnKeeperGone(const absl::Status& why);
  void WatchSocket();
  void Orphan(Instance& instance);
  void OrphanAllBut(const std::set<std::string>& kept);
  void SetRunning(Instance& instance);
  void SetPhase(Instance& instance, Phase phase);
  void Ended(Instance& instance, ExitReport report,
             bool says_never_ran = false);
  void EndedWith(Instance& instance, int32_t wait_status);
  // Back to kWaiting, as if it had not been started.
  void Abandon(Instance& instance);
  Instance* Find(const std::string& launch);

  const Options options_;
  const Callbacks callbacks_;
  base::EventLoop& loop_;
  const OutputLogs& logs_;
  std::unique_ptr<KeeperClient> client_;
  base::EventLoop::Registration socket_watch_;
  bool watching_writes_ = false;
  base::EventLoop::Registration reconnect_;
  absl::Duration reconnect_delay_;
  // Instances with a process, or that asked for one, by launch.
  std::map<std::string, Instance*> by_launch_;
  std::map<std::string, Stray> strays_;
  // Those that have ended, which is not written down yet: no strays.
  std::set<std::string> ended_;
  size_t under_way_ = 0;  // In kSpawning or kHeld.
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_LAUNCHER_H_
