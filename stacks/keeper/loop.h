// The keeper's work, without the set-up of its process (daemon.h).

#ifndef TALLYMAN_STACKS_KEEPER_LOOP_H_
#define TALLYMAN_STACKS_KEEPER_LOOP_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "platform/base/unique_fd.h"
#include "platform/held_child.h"
#include "stacks/keeper/protocol.h"
#include "stacks/keeper/send_queue.h"

namespace tallyman::stacks {

// Forks children for the connected server, reaps them and reports their ends.
// Reaps every child of the process, also those that it did not fork, and takes
// SIGCHLD: a process has one KeeperLoop, and a single thread.
//
// A server that doesn't read: from kMaxQueued messages that wait for it on, the
// keeper reads no more from it. It goes on to queue the ends of children, so
// that the queue is bounded by kMaxQueued and the number of children, and the
// messages by about 5 KiB each. It drops none and waits as long as it takes,
// for this server to read or for the next one to connect.
class KeeperLoop {
 public:
  struct Options {
    // How long to wait for the first server before MayEnd().
    absl::Duration first_server_wait = absl::Seconds(10);
    keeper::VersionRange versions = keeper::kVersions;
  };

  static constexpr size_t kMaxQueued = 10'000;

  // Accepts servers from `listener`, which doesn't block. `loop` must outlive
  // this object.
  KeeperLoop(base::EventLoop& loop, base::UniqueFd listener, Options options);

  // Starts, and runs the event loop until MayEnd(). Errors: those of Start().
  absl::Status Run();

  // Registers everything in the event loop. ResourceExhausted or Unavailable
  // without a descriptor for signalfd(2).
  absl::Status Start();

  // True if there is nothing to keep: no server is connected (and one has been,
  // or the wait for it is over), every child has ended and is forgotten, and no
  // process that an instance left behind is alive.
  bool MayEnd();

 private:
  struct Server {
    Server(base::EventLoop& loop, base::UniqueFd connection, KeeperLoop& owner);

    base::UniqueFd socket;
    keeper::SendQueue queue;
    keeper::SocketWatch watch;  // After `socket`, which it watches.
  };

  void WatchListener();
  void Accept();
  void OnServerEvents(uint32_t events);
  void ReadPackets();  // A limited number.
  bool ReadPacket();   // False if there is none.
  // An error closes the connection.
  absl::Status HandlePacket(const keeper::Packet& packet);
  void Handle(keeper::Spawn& spawn,
              const std::vector<base::UniqueFd>& descriptors);
  void Handle(const keeper::Forget& forget);
  absl::Status CheckSelected(const keeper::Select& select) const;
  // Reaps all that have ended; false if the process has no child left.
  bool Reap();

  // Sends Spawned for the forked children that are set up, in the order of
  // their forks; with `all` waits for each.
  void ReportForked(bool all);

  // Sends to the server, if there is one, or queues for it.
  void Send(const keeper::Message& message);
  void Flush();
  void DropServer();
  void UpdateWatch();

  base::EventLoop& loop_;
  base::UniqueFd listener_;
  const Options options_;
  std::unique_ptr<Server> server_;
  bool awaits_first_server_ = true;

  platform::HeldChildForker forker_;
  // Children that the server has not been sent a Spawned for.
  std::deque<keeper::Spawned> forked_;
  // Not forgotten, by launch.
  std::map<std::string, keeper::Child> children_;
  std::unordered_map<pid_t, std::string> alive_;  // Launches, by pid.

  // Last, so that no callback outlives what it uses.
  base::EventLoop::Registration child_signals_;
  base::EventLoop::Registration listener_watch_;
  base::EventLoop::Registration accept_retry_;
  base::EventLoop::Registration first_server_timer_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_KEEPER_LOOP_H_
