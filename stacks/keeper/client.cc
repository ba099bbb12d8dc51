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
#include "stacks/keeper/send_queue.h"
#include "stacks/keeper/socket.h"
#include "stacks/keeper/versions.h"

namespace tallyman::stacks {
namespace {

using Clock = std::chrono::steady_clock;

// Connects, with a socket that doesn't block, to a process of this user.
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
    const std::string& directory, absl::Duration timeout,
    const keeper::VersionRange& versions) {
  timeout = std::clamp(timeout, absl::ZeroDuration(), absl::Hours(1));
  const Clock::time_point deadline =
      Clock::now() + absl::ToChronoMicroseconds(timeout);
  absl::StatusOr<base::UniqueFd> socket = Open(directory, timeout);
  if (!socket.ok()) return keeper::Annotate(socket.status(), directory);
  auto client =
      std::unique_ptr<KeeperClient>(new KeeperClient(*std::move(socket)));
  if (absl::Status greeted = client->ReadGreeting(deadline, versions);
      !greeted.ok()) {
    return keeper::Annotate(greeted, directory);
  }
  return client;
}

absl::Status KeeperClient::ReadGreeting(Clock::time_point deadline,
                                        const keeper::VersionRange& versions) {
  absl::StatusOr<keeper::Message> message = ReceiveBefore(deadline, fd());
  if (!message.ok()) return message.status();
  const auto* const welcome = std::get_if<keeper::Welcome>(&*message);
  if (welcome == nullptr) {
    return absl::FailedPreconditionError("it speaks another protocol");
  }
  keeper_pid_ = welcome->pid;
  const int32_t oldest = welcome->version;
  std::optional<int32_t> newest;  // From the versions record.
  while (true) {
    message = ReceiveBefore(deadline, fd());
    if (!message.ok()) return message.status();
    if (std::holds_alternative<keeper::End>(*message)) break;
    auto* const child = std::get_if<keeper::Child>(&*message);
    if (child == nullptr) {
      return absl::FailedPreconditionError("it speaks another protocol");
    }
    if (keeper::IsVersionsRecord(*child)) {
      newest = child->wait_status;
    } else {
      children_.push_back(std::move(*child));
    }
  }
  absl::StatusOr<int32_t> chosen = keeper::ChooseVersion(
      {.oldest = oldest, .newest = newest.value_or(oldest)}, versions);
  if (!chosen.ok()) return chosen.status();
  version_ = *chosen;
  if (!newest) return absl::OkStatus();
  absl::Status sent = Send(keeper::Select{.version = version_});
  if (absl::IsAborted(sent)) {
    return absl::UnavailableError("it has closed the connection");
  }
  return sent;
}

absl::Status KeeperClient::Send(const keeper::Message& message) {
  absl::StatusOr<std::string> bytes = keeper::Encode(message);
  if (!bytes.ok()) return bytes.status();
  return queue_.Push(socket_.get(),
                     {.bytes = *std::move(bytes), .descriptors = {}});
}

absl::Status KeeperClient::Spawn(const keeper::Spawn& spawn,
                                 base::UniqueFd gate, base::UniqueFd output,
                                 std::optional<base::UniqueFd> cgroup) {
  keeper::Spawn complete = spawn;
  complete.has_cgroup = cgroup.has_value();
  absl::StatusOr<std::string> bytes = keeper::Encode(std::move(complete));
  if (!bytes.ok()) return bytes.status();
  keeper::Packet packet = {.bytes = *std::move(bytes), .descriptors = {}};
  packet.descriptors.reserve(3);
  packet.descriptors.push_back(std::move(gate));
  packet.descriptors.push_back(std::move(output));
  if (cgroup) packet.descriptors.push_back(*std::move(cgroup));
  return queue_.Push(socket_.get(), std::move(packet));
}

absl::Status KeeperClient::Forget(const std::string& launch) {
  return Send(keeper::Forget{.launch = launch});
}

absl::Status KeeperClient::Flush() { return queue_.Flush(socket_.get()); }

absl::StatusOr<std::optional<keeper::Message>> KeeperClient::Receive() {
  absl::StatusOr<keeper::Packet> packet = keeper::Receive(socket_.get());
  if (absl::IsUnavailable(packet.status()) ||
      absl::IsResourceExhausted(packet.status())) {
    return std::nullopt;
  }
  if (!packet.ok()) return absl::AbortedError(packet.status().message());
  if (packet->bytes.empty()) {
    return absl::AbortedError("the keeper has closed the connection");
  }
  absl::StatusOr<keeper::Message> message = keeper::Decode(packet->bytes);
  if (!message.ok()) return absl::AbortedError(message.status().message());
  return *std::move(message);
}

}  // namespace tallyman::stacks
