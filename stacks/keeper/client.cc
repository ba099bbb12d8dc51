#include "stacks/keeper/client.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "stacks/keeper/protocol.h"
#include "stacks/keeper/socket.h"

namespace tallyman::stacks {
namespace {

using Clock = std::chrono::steady_clock;

absl::Status Annotate(const absl::Status& status, std::string_view directory) {
  return {status.code(), absl::StrCat("the keeper of \"", directory,
                                      "\": ", status.message())};
}

// The connection, not blocking, to a process of this user.
absl::StatusOr<base::UniqueFd> Open(const std::string& directory,
                                    absl::Duration timeout) {
  absl::StatusOr<base::UniqueFd> opened = keeper::OpenDirectory(directory);
  if (!opened.ok()) return opened.status();
  absl::StatusOr<base::UniqueFd> socket =
      keeper::Connect(opened->get(), timeout);
  if (!socket.ok()) return socket.status();
  const absl::StatusOr<uid_t> user = keeper::PeerUser(socket->get());
  if (!user.ok()) return user.status();
  if (*user != geteuid()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "it runs as user ", *user, ", and this server as user ", geteuid()));
  }
  if (fcntl(socket->get(), F_SETFL, O_NONBLOCK) != 0) {
    return absl::ErrnoToStatus(errno, "O_NONBLOCK");
  }
  return socket;
}

// The next message of the list that a keeper begins with.
absl::StatusOr<keeper::Message> ReceiveBefore(Clock::time_point deadline,
                                              int socket) {
  while (true) {
    absl::StatusOr<keeper::Packet> packet = keeper::Receive(socket);
    if (packet.ok() && !packet->bytes.empty()) {
      absl::StatusOr<keeper::Message> message = keeper::Decode(packet->bytes);
      if (message.ok()) return message;
      return absl::FailedPreconditionError(message.status().message());
    }
    if (packet.ok() || absl::IsAborted(packet.status())) {
      return absl::UnavailableError("it has closed the connection");
    }
    if (!absl::IsUnavailable(packet.status())) return packet.status();
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd watched = {.fd = socket, .events = POLLIN, .revents = 0};
    const int ready =
        left.count() <= 0
            ? 0
            : poll(
                  &watched, 1,
                  static_cast<int>(std::min<int64_t>(left.count(), 3'600'000)));
    if (ready == 0) return absl::UnavailableError("it does not answer");
    if (ready < 0 && errno != EINTR) return absl::ErrnoToStatus(errno, "poll");
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<KeeperClient>> KeeperClient::Connect(
    const std::string& directory, absl::Duration timeout) {
  timeout = std::clamp(timeout, absl::ZeroDuration(), absl::Hours(1));
  const Clock::time_point deadline =
      Clock::now() + absl::ToChronoMicroseconds(timeout);
  absl::StatusOr<base::UniqueFd> socket = Open(directory, timeout);
  if (!socket.ok()) return Annotate(socket.status(), directory);
  auto client =
      std::unique_ptr<KeeperClient>(new KeeperClient(*std::move(socket)));
  bool welcome = false;
  while (true) {
    absl::StatusOr<keeper::Message> message =
        ReceiveBefore(deadline, client->fd());
    if (!message.ok()) return Annotate(message.status(), directory);
    if (const auto* const first = std::get_if<keeper::Welcome>(&*message)) {
      if (first->version != keeper::kProtocolVersion) {
        return Annotate(absl::FailedPreconditionError(absl::StrCat(
                            "it speaks version ", first->version,
                            " of the protocol, and this server version ",
                            keeper::kProtocolVersion)),
                        directory);
      }
      client->keeper_pid_ = first->pid;
      welcome = true;
      continue;
    }
    if (welcome && std::holds_alternative<keeper::End>(*message)) return client;
    auto* const child = std::get_if<keeper::Child>(&*message);
    if (!welcome || child == nullptr) {
      return Annotate(
          absl::FailedPreconditionError("it speaks another protocol"),
          directory);
    }
    client->children_.push_back(std::move(*child));
  }
}

absl::Status KeeperClient::Spawn(const keeper::Spawn& spawn,
                                 base::UniqueFd gate, base::UniqueFd output,
                                 std::optional<base::UniqueFd> cgroup) {
  keeper::Spawn complete = spawn;
  complete.has_cgroup = cgroup.has_value();
  absl::StatusOr<std::string> bytes = keeper::Encode(std::move(complete));
  if (!bytes.ok()) return bytes.status();
  Queued& queued = queue_.emplace_back();
  queued.bytes = *std::move(bytes);
  queued.descriptors.reserve(3);
  queued.descriptors.push_back(std::move(gate));
  queued.descriptors.push_back(std::move(output));
  if (cgroup) queued.descriptors.push_back(*std::move(cgroup));
  // Behind others it waits for its turn; what goes wrong then is no answer to
  // this call.
  if (queue_.size() > 1) return absl::OkStatus();
  return Flush();
}

absl::Status KeeperClient::Forget(const std::string& launch) {
  absl::StatusOr<std::string> bytes =
      keeper::Encode(keeper::Forget{.launch = launch});
  if (!bytes.ok()) return bytes.status();
  queue_.push_back({.bytes = *std::move(bytes), .descriptors = {}});
  if (queue_.size() > 1) return absl::OkStatus();
  return Flush();
}

absl::Status KeeperClient::Flush() {
  std::vector<int> descriptors;
  while (!queue_.empty()) {
    const Queued& next = queue_.front();
    descriptors.clear();
    descriptors.reserve(next.descriptors.size());
    for (const base::UniqueFd& each : next.descriptors) {
      descriptors.push_back(each.get());
    }
    absl::Status sent = keeper::Send(socket_.get(), next.bytes, descriptors);
    if (absl::IsUnavailable(sent)) return absl::OkStatus();
    if (absl::IsAborted(sent)) return sent;
    // What can't be sent must not be in the way of the others.
    queue_.pop_front();
    if (!sent.ok()) return sent;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<keeper::Message>> KeeperClient::Receive() {
  absl::StatusOr<keeper::Packet> packet = keeper::Receive(socket_.get());
  if (absl::IsUnavailable(packet.status())) return std::nullopt;
  if (!packet.ok()) return absl::AbortedError(packet.status().message());
  if (packet->bytes.empty()) {
    return absl::AbortedError("the keeper has closed the connection");
  }
  absl::StatusOr<keeper::Message> message = keeper::Decode(packet->bytes);
  if (!message.ok()) return absl::AbortedError(message.status().message());
  return *std::move(message);
}

}  // namespace tallyman::stacks
