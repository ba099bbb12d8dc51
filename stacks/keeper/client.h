// The server's end of one connection to the keeper. link.h keeps a connection
// up.

#ifndef TALLYMAN_STACKS_KEEPER_CLIENT_H_
#define TALLYMAN_STACKS_KEEPER_CLIENT_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "stacks/keeper/protocol.h"
#include "stacks/keeper/send_queue.h"

namespace tallyman::stacks {

// Only Connect() blocks. Not thread-safe.
class KeeperClient {
 public:
  // Connects to the keeper of `directory`, reads its children and settles the
  // version of the protocol. Unavailable if no keeper listens (then call
  // StartKeeper()) or if it doesn't answer within `timeout`; FailedPrecondition
  // if it speaks none of `versions` or runs as another user.
  static absl::StatusOr<std::unique_ptr<KeeperClient>> Connect(
      const std::string& directory, absl::Duration timeout,
      const keeper::VersionRange& versions = keeper::kVersions);

  int32_t keeper_pid() const { return keeper_pid_; }
  // The version of the protocol for this connection.
  int32_t version() const { return version_; }
  // The keeper's children at the time of Connect().
  const std::vector<keeper::Child>& children() const { return children_; }

  // For SocketWatch.
  int fd() const { return socket_.get(); }
  keeper::SendQueue::State send_state() const { return queue_.state(); }

  // Send a message, or queue it. The descriptors are closed here once they are
  // sent. InvalidArgument if the message is too long; Aborted once the keeper
  // is gone.
  absl::Status Spawn(const keeper::Spawn& spawn, base::UniqueFd gate,
                     base::UniqueFd output,
                     std::optional<base::UniqueFd> cgroup);
  absl::Status Forget(const std::string& launch);

  // Continues with the queue. Aborted once the keeper is gone.
  absl::Status Flush();

  // The next message; nullopt if there is none now. Aborted once the keeper is
  // gone, or sends something that is not a message.
  absl::StatusOr<std::optional<keeper::Message>> Receive();

 private:
  explicit KeeperClient(base::UniqueFd socket) : socket_(std::move(socket)) {}

  absl::Status ReadGreeting(std::chrono::steady_clock::time_point deadline,
                            const keeper::VersionRange& versions);
  // Queues and sends one message without descriptors.
  absl::Status Send(const keeper::Message& message);

  base::UniqueFd socket_;
  int32_t keeper_pid_ = 0;
  int32_t version_ = 0;
  std::vector<keeper::Child> children_;
  keeper::SendQueue queue_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_KEEPER_CLIENT_H_
