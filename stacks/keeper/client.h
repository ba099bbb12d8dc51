// The server's end of the connection to the keeper.

#ifndef TALLYMAN_STACKS_KEEPER_CLIENT_H_
#define TALLYMAN_STACKS_KEEPER_CLIENT_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "stacks/keeper/protocol.h"

namespace tallyman::stacks {

// A connection that never blocks, but for Connect(). Not thread-safe.
class KeeperClient {
 public:
  // Connects to the keeper of `directory` and reads what it has. Unavailable if
  // there is none (then StartKeeper() is due) or if it doesn't answer within
  // `timeout`; FailedPrecondition if it speaks another version of the protocol
  // or runs as another user.
  static absl::StatusOr<std::unique_ptr<KeeperClient>> Connect(
      const std::string& directory, absl::Duration timeout);

  int32_t keeper_pid() const { return keeper_pid_; }
  // What it had at the time of Connect().
  const std::vector<keeper::Child>& children() const { return children_; }

  // To be watched: for reading always, for writing while wants_write().
  int fd() const { return socket_.get(); }
  bool wants_write() const { return !queue_.empty(); }

  // Queues and sends what the socket takes. The descriptors are closed here
  // once they are sent. Aborted once the keeper is gone.
  absl::Status Spawn(const keeper::Spawn& spawn, base::UniqueFd gate,
                     base::UniqueFd output,
                     std::optional<base::UniqueFd> cgroup);
  absl::Status Forget(const std::string& launch);

  // Sends more of the queue. Aborted once the keeper is gone.
  absl::Status Flush();

  // The next message; nullopt if there is none now. Aborted once the keeper is
  // gone.
  absl::StatusOr<std::optional<keeper::Message>> Receive();

 private:
  struct Queued {
    std::string bytes;
    std::vector<base::UniqueFd> descriptors;
  };
  explicit KeeperClient(base::UniqueFd socket) : socket_(std::move(socket)) {}

  base::UniqueFd socket_;
  int32_t keeper_pid_ = 0;
  std::vector<keeper::Child> children_;
  std::deque<Queued> queue_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_KEEPER_CLIENT_H_
