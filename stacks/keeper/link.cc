#include "stacks/keeper/link.h"

#include <sys/epoll.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "platform/base/unique_fd.h"
#include "platform/process_handle.h"
#include "stacks/keeper/client.h"
#include "stacks/keeper/protocol.h"
#include "stacks/keeper/send_queue.h"
#include "stacks/keeper/starter.h"

namespace tallyman::stacks {
namespace {

constexpr absl::Duration kConnectTimeout = absl::Seconds(5);
constexpr absl::Duration kFirstReconnectDelay = absl::Milliseconds(100);
constexpr absl::Duration kMaxReconnectDelay = absl::Seconds(10);
// Children that an earlier server left at the gate end at once.
constexpr absl::Duration kStrayGrace = absl::Seconds(2);
// So that other events get their turn while many children start.
constexpr int kMessagesAtOnce = 256;

absl::StatusOr<platform::ProcessHandle> OpenProcess(int32_t pid) {
  absl::StatusOr<platform::ProcessIdentity> identity =
      platform::IdentifyProcess(pid);
  if (!identity.ok()) return identity.status();
  return platform::ProcessHandle::Open(*identity);
}

}  // namespace

KeeperLink::KeeperLink(Options options, Callbacks callbacks,
                       base::EventLoop& loop)
    : options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      loop_(loop),
      reconnect_delay_(kFirstReconnectDelay) {}

// --- The connection

absl::Status KeeperLink::TryConnect() {
  absl::StatusOr<std::unique_ptr<KeeperClient>> client =
      KeeperClient::Connect(options_.directory, kConnectTimeout);
  if (absl::IsUnavailable(client.status())) {
    absl::Status started = StartKeeper(options_.program, options_.directory);
    if (!started.ok()) return started;
    client = KeeperClient::Connect(options_.directory, kConnectTimeout);
  }
  if (!client.ok()) return client.status();
  client_ = *std::move(client);
  return absl::OkStatus();
}

void KeeperLink::Connect() {
  if (connected() || reconnect_.active()) return;
  if (absl::Status connected = TryConnect(); !connected.ok()) {
    callbacks_.notices({.severity = Notice::Severity::kError,
                        .event = "keeper_unreachable",
                        .what = connected.message()});
    RetryLater();
    // A copy: callbacks change the set.
    for (const std::string& launch : std::set<std::string>(tracked_)) {
      callbacks_.unreachable(launch);
    }
    return;
  }
  reconnect_delay_ = kFirstReconnectDelay;
  keeper_end_watch_.reset();
  keeper_.reset();
  // A failure is no problem: then a lost connection counts as the keeper's end
  // unless the next connect succeeds.
  if (auto handle = OpenProcess(client_->keeper_pid()); handle.ok()) {
    keeper_ = *std::move(handle);
  }
  callbacks_.notices({.event = "keeper_connected",
                      .what = absl::StrCat("pid ", client_->keeper_pid())});
  socket_watch_.emplace(loop_, client_->fd(),
                        [this](uint32_t events) { OnEvents(events); });
  UpdateWatch();
  CompareChildren();
}

void KeeperLink::RetryLater() {
  reconnect_ = loop_.RunAfter(reconnect_delay_, [this] {
    reconnect_.reset();
    Connect();
  });
  reconnect_delay_ = std::min(reconnect_delay_ * 2, kMaxReconnectDelay);
}

void KeeperLink::UpdateWatch() {
  if (client_ == nullptr) return;
  socket_watch_->Update(/*reads=*/true, client_->send_state());
}

void KeeperLink::OnEvents(uint32_t events) {
  // First what the keeper sent before it closed the connection.
  if ((events & ~static_cast<uint32_t>(EPOLLOUT)) != 0) {
    if (const absl::Status read = ReadMessages(kMessagesAtOnce); !read.ok()) {
      OnConnectionLost(read);
      return;
    }
  }
  if ((events & EPOLLOUT) != 0) {
    if (const absl::Status flushed = client_->Flush(); !flushed.ok()) {
      ReadMessages(std::numeric_limits<int>::max()).IgnoreError();
      OnConnectionLost(flushed);
      return;
    }
  }
  UpdateWatch();
}

absl::Status KeeperLink::ReadMessages(int most) {
  for (int i = 0; i < most; ++i) {
    absl::StatusOr<std::optional<keeper::Message>> message = client_->Receive();
    if (!message.ok()) return message.status();
    if (!message->has_value()) break;
    OnMessage(**message);
  }
  return absl::OkStatus();
}

void KeeperLink::OnConnectionLost(const absl::Status& why) {
  callbacks_.notices({.event = "keeper_lost", .what = why.message()});
  socket_watch_.reset();
  client_.reset();
  if (tracked_.empty() && strays_.empty()) {
    keeper_.reset();
    return;
  }
  if (callbacks_.lost) callbacks_.lost(why);
  strays_.clear();  // The next connection lists them again.
  Connect();
  if (connected()) return;
  if (KeeperLives()) {
    keeper_end_watch_ = loop_.WatchFd(keeper_->fd(), EPOLLIN,
                                      [this](uint32_t) { OnKeeperEnded(); });
  } else {
    OrphanAllExcept({});
  }
}

void KeeperLink::OnKeeperEnded() {
  keeper_end_watch_.reset();
  keeper_.reset();
  reconnect_.reset();
  Connect();
  if (!connected()) OrphanAllExcept({});
}

bool KeeperLink::KeeperLives() const {
  return keeper_.has_value() && !keeper_->HasEnded();
}

// --- Launches

void KeeperLink::CompareChildren() {
  std::set<std::string> found;
  for (const keeper::Child& child : client_->children()) {
    if (!tracked_.contains(child.launch)) {
      AddStray(child);
      continue;
    }
    found.insert(child.launch);
    callbacks_.found(child);
  }
  OrphanAllExcept(found);
}

void KeeperLink::OrphanAllExcept(const std::set<std::string>& found) {
  // A copy: callbacks change the set.
  for (const std::string& launch : std::set<std::string>(tracked_)) {
    if (!found.contains(launch)) callbacks_.orphaned(launch);
  }
}

void KeeperLink::AddStray(const keeper::Child& child) {
  if (child.wait_status) {
    RemoveStray(child.launch);
    return;
  }
  Stray& stray = strays_[child.launch];
  absl::StatusOr<platform::ProcessHandle> handle =
      platform::ProcessHandle::Open({.boot_id = options_.boot_id,
                                     .pid = child.pid,
                                     .start_ticks = child.start_ticks});
  if (handle.ok()) stray.handle = *std::move(handle);
  stray.timer = loop_.RunAfter(kStrayGrace, [this, launch = child.launch,
                                             &stray] {
    if (!stray.handle) return;
    callbacks_.notices(
        {.event = "stray_killed",
         .what = absl::StrCat("pid ", stray.handle->identity().pid,
                              " of launch ", launch, ", which has no record")});
    stray.handle->SignalGroup(SIGKILL).IgnoreError();
  });
}

void KeeperLink::RemoveStray(const std::string& launch) {
  strays_.erase(launch);
  callbacks_.stray_ended(launch);
  Forget(launch);
}

void KeeperLink::OnMessage(const keeper::Message& message) {
  if (const auto* spawned = std::get_if<keeper::Spawned>(&message)) {
    callbacks_.spawned(*spawned);
  } else if (const auto* failed = std::get_if<keeper::SpawnFailed>(&message)) {
    tracked_.erase(failed->launch);
    callbacks_.spawn_failed(*failed);
  } else if (const auto* exited = std::get_if<keeper::Exited>(&message)) {
    if (tracked_.contains(exited->launch)) {
      callbacks_.exited(*exited);
    } else {
      RemoveStray(exited->launch);
    }
  }
}

absl::Status KeeperLink::Spawn(const keeper::Spawn& spawn, base::UniqueFd gate,
                               base::UniqueFd output,
                               std::optional<base::UniqueFd> cgroup) {
  if (client_ == nullptr) {
    return absl::UnavailableError("there is no connection to the keeper");
  }
  absl::Status sent = client_->Spawn(spawn, std::move(gate), std::move(output),
                                     std::move(cgroup));
  // A keeper that is gone (Aborted) is an event of the socket as well.
  if (!sent.ok() && !absl::IsAborted(sent)) return sent;
  tracked_.insert(spawn.launch);
  UpdateWatch();
  return absl::OkStatus();
}

void KeeperLink::Forget(const std::string& launch) {
  tracked_.erase(launch);
  if (client_ == nullptr) return;
  // If the keeper is gone there is nothing to forget.
  client_->Forget(launch).IgnoreError();
  UpdateWatch();
}

}  // namespace tallyman::stacks
