// What a keeper does all day, apart from how its process is set up.

#ifndef TALLYMAN_STACKS_KEEPER_LOOP_H_
#define TALLYMAN_STACKS_KEEPER_LOOP_H_

#include <sys/types.h>

#include <chrono>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "platform/held_child.h"
#include "stacks/keeper/protocol.h"

namespace tallyman::stacks {

// Waits for every child of the process, known or not, and uses signalfd(2) for
// SIGCHLD: there can be one in a process, which has a single thread.
class KeeperLoop {
 public:
  // Accepts servers from `listener`, which doesn't block. Without any it waits
  // for the first one for `first_server_wait`.
  KeeperLoop(base::UniqueFd listener, absl::Duration first_server_wait);

  // Returns when there is nothing to keep: no server is connected (and one has
  // been, or the wait for it is over), every child has ended and is forgotten,
  // and no process that an instance has left behind is alive. Sleeps while
  // nothing happens. Errors: only where the system refuses to begin, or
  // poll(2).
  absl::Status Run();

 private:
  using Clock = std::chrono::steady_clock;

  bool MayEnd();
  int PollTimeout() const;  // As poll(2) wants it.

  void Accept();
  void ServeServer();  // Takes some packets.
  bool ServePacket();  // Takes one; false if there is none.
  void Handle(keeper::Spawn& spawn,
              const std::vector<base::UniqueFd>& descriptors);
  void Handle(const keeper::Forget& forget);
  // Waits for all that have ended; false if no process is left to wait for.
  bool Reap();

  // Tells the server of those that were forked and are held, in the order of
  // their forks; with `all` it waits until all of them are.
  void TellForked(bool all);

  // To the server, if there is one, now or when it reads.
  void Tell(const keeper::Message& message);
  void Flush();
  void DropServer();

  base::UniqueFd listener_;
  base::UniqueFd signals_;
  base::UniqueFd server_;
  std::deque<std::string> queue_;  // What the server has not taken yet.

  Clock::time_point first_server_deadline_;
  bool had_server_ = false;
  bool accept_failed_ = false;  // Tried again after a while.

  platform::HeldChildForker forker_;
  // Those that were forked, and of which the server wasn't told yet.
  std::deque<keeper::Spawned> forked_;
  std::map<std::string, keeper::Child> children_;  // By launch; not forgotten.
  std::unordered_map<pid_t, std::string> alive_;   // Their launches, by pid.
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_KEEPER_LOOP_H_
