// The supervisor's link to the keeper: starts a keeper if there is none, keeps
// a connection to it in an event loop, and reports what becomes of launches.
//
//   KeeperLink link(options, callbacks, loop);
//   link.Track(launch);   // launches of an earlier server, before Connect()
//   link.Connect();       // callbacks: found or orphaned, for each
//   link.Spawn(...);      // callbacks: spawned or spawn_failed, later exited
//   link.Forget(launch);  // once the exit is stored

#ifndef TALLYMAN_STACKS_KEEPER_LINK_H_
#define TALLYMAN_STACKS_KEEPER_LINK_H_

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
#include "platform/base/unique_fd.h"
#include "platform/process_handle.h"
#include "stacks/keeper/client.h"
#include "stacks/keeper/protocol.h"
#include "stacks/keeper/send_queue.h"
#include "stacks/model/notice.h"

namespace tallyman::stacks {

// A launch is tracked from Track() or Spawn() until Forget() or Untrack(). A
// child that the keeper has for an untracked launch is a stray: it is killed if
// it doesn't end within 2 s, and its exit is forgotten.
//
// A lost connection changes nothing for the children of a keeper that lives:
// the link connects again, at once and then ever more slowly (up to every
// 10 s), and the keeper reports the exits that happened meanwhile. Until then
// its children are unreachable. Only when that keeper's process has ended, or
// another keeper answers, are its children orphaned.
//
// Not thread-safe: lives in the thread of its loop.
class KeeperLink {
 public:
  struct Options {
    std::string directory;  // The data directory, which has the socket.
    std::string program;    // To start as a keeper, see StartKeeper().
    std::string boot_id;    // Of this boot, see platform::BootId().
  };

  // May call the link, except Connect(). All must be set.
  struct Callbacks {
    // The keeper that the link has just connected to has this tracked launch;
    // `wait_status` is set if the child has ended.
    std::function<void(const keeper::Child&)> found;
    // The answer to Spawn().
    std::function<void(const keeper::Spawned&)> spawned;
    // The other answer to Spawn(). The launch is not tracked any more.
    std::function<void(const keeper::SpawnFailed&)> spawn_failed;
    // The child of a tracked launch has ended.
    std::function<void(const keeper::Exited&)> exited;
    // No keeper has this tracked launch: its keeper has ended, or never read
    // the Spawn. Called again when another keeper answers.
    std::function<void(const std::string& launch)> orphaned;
    // A connect failed, and the keeper of this tracked launch may live: it
    // reports nothing until `found` or `orphaned` follows. Called after each
    // failed connect.
    std::function<void(const std::string& launch)> unreachable;
    // A stray has ended: remove what belongs to its launch.
    std::function<void(const std::string& launch)> stray_ended;
    // keeper_connected, keeper_lost, keeper_unreachable, stray_killed.
    // The connection broke while the keeper had children. May be empty.
    std::function<void(const absl::Status&)> lost;
    NoticeSink notices;
  };

  // `loop` must outlive the link.
  KeeperLink(Options options, Callbacks callbacks, base::EventLoop& loop);
  KeeperLink(const KeeperLink&) = delete;
  KeeperLink& operator=(const KeeperLink&) = delete;

  // Connects to the keeper, or starts one, unless it is connected or about to
  // try again. Blocks for that, up to some seconds.
  void Connect();
  bool connected() const { return client_ != nullptr; }

  void Track(const std::string& launch) { tracked_.insert(launch); }
  void Untrack(const std::string& launch) { tracked_.erase(launch); }

  // Asks for a child. Errors, after which the launch is not tracked:
  // Unavailable while not connected; InvalidArgument if `spawn` is too long;
  // the error of sendmsg(2). A keeper that ends meanwhile is no error:
  // `orphaned` follows.
  absl::Status Spawn(const keeper::Spawn& spawn, base::UniqueFd gate,
                     base::UniqueFd output,
                     std::optional<base::UniqueFd> cgroup);

  // The exit of `launch` is stored: the keeper need not keep it.
  void Forget(const std::string& launch);

 private:
  struct Stray {
    std::optional<platform::ProcessHandle> handle;
    base::EventLoop::Registration timer;
  };

  absl::Status TryConnect();
  void RetryLater();
  // Compares the keeper's children with the tracked launches.
  void CompareChildren();
  void OrphanAllExcept(const std::set<std::string>& found);
  void AddStray(const keeper::Child& child);
  void RemoveStray(const std::string& launch);
  void OnEvents(uint32_t events);
  // Handles up to `most` messages that have arrived.
  absl::Status ReadMessages(int most);
  void OnMessage(const keeper::Message& message);
  void OnConnectionLost(const absl::Status& why);
  void OnKeeperEnded();
  bool KeeperLives() const;
  void UpdateWatch();

  const Options options_;
  const Callbacks callbacks_;
  base::EventLoop& loop_;
  std::unique_ptr<KeeperClient> client_;
  std::optional<keeper::SocketWatch> socket_watch_;
  base::EventLoop::Registration reconnect_;
  absl::Duration reconnect_delay_;
  // The process of the last connection, if it could be opened.
  std::optional<platform::ProcessHandle> keeper_;
  // While it lives and the link is not connected.
  base::EventLoop::Registration keeper_end_watch_;
  std::set<std::string> tracked_;
  std::map<std::string, Stray> strays_;  // By launch.
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_KEEPER_LINK_H_
