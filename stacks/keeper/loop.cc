#include "stacks/keeper/loop.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "platform/base/fault_injection.h"
#include "platform/base/unique_fd.h"
#include "platform/held_child.h"
#include "platform/process_handle.h"
#include "stacks/keeper/protocol.h"
#include "stacks/keeper/socket.h"

namespace tallyman::stacks {
namespace {

// How long accept(2) rests where the system is out of descriptors or memory.
constexpr int kAcceptPauseMs = 1000;

// So that ends, and other servers, get their turn.
constexpr int kPacketsAtOnce = 64;
constexpr size_t kMaxSettingUp = 8;

// A server that does not read so many messages is not read from either.
constexpr size_t kMaxQueued = 10'000;

// With these a message that answers one always fits.
constexpr size_t kMaxLaunchBytes = 1024;
constexpr size_t kMaxReasonBytes = 4096;

// Standard error is the keeper's log.
void Note(std::string_view text) {
  std::cerr << absl::FormatTime(absl::RFC3339_sec, absl::Now(),
                                absl::UTCTimeZone())
            << " keeper " << getpid() << ": " << text << "\n";
}

// SIGCHLD as a descriptor.
absl::StatusOr<base::UniqueFd> WatchChildren() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  // Were it ignored, nobody could be waited for.
  std::signal(SIGCHLD, SIG_DFL);
  if (const int error = pthread_sigmask(SIG_BLOCK, &signals, nullptr)) {
    return absl::ErrnoToStatus(error, "pthread_sigmask");
  }
  base::UniqueFd watch(signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!watch.valid()) return absl::ErrnoToStatus(errno, "signalfd");
  return watch;
}

// Empties it. One signal may stand for many children.
void TakeSignals(int signals) {
  signalfd_siginfo taken;
  while (read(signals, &taken, sizeof(taken)) > 0) {
  }
}

// The system's root may do what it likes anyway.
bool MayBeServer(int connection) {
  const absl::StatusOr<uid_t> user = keeper::PeerUser(connection);
  return user.ok() && (*user == geteuid() || *user == 0);
}

}  // namespace

KeeperLoop::KeeperLoop(base::UniqueFd listener,
                       absl::Duration first_server_wait)
    : listener_(std::move(listener)),
      first_server_deadline_(Clock::now() +
                             absl::ToChronoMilliseconds(first_server_wait)) {}

absl::Status KeeperLoop::Run() {
  absl::StatusOr<base::UniqueFd> signals = WatchChildren();
  if (!signals.ok()) return signals.status();
  signals_ = *std::move(signals);

  while (!MayEnd()) {
    const auto server_events =
        static_cast<int16_t>((queue_.size() < kMaxQueued ? POLLIN : 0) |
                             (queue_.empty() ? 0 : POLLOUT));
    // Negative descriptors are passed over.
    std::array<pollfd, 3> watched = {{
        {.fd = signals_.get(), .events = POLLIN, .revents = 0},
        {.fd = server_.get(), .events = server_events, .revents = 0},
        {.fd = accept_failed_ ? -1 : listener_.get(),
         .events = POLLIN,
         .revents = 0},
    }};
    const int ready = poll(watched.data(), watched.size(), PollTimeout());
    if (ready < 0 && errno != EINTR) return absl::ErrnoToStatus(errno, "poll");
    accept_failed_ = false;
    if (ready <= 0) continue;

    if (watched[0].revents != 0) {
      TakeSignals(signals_.get());
      Reap();
    }
    // Each of these may find the connection gone.
    if ((watched[1].revents & POLLOUT) != 0) Flush();
    if ((watched[1].revents & ~POLLOUT) != 0) ServeServer();
    if (watched[2].revents != 0) Accept();
  }
  return absl::OkStatus();
}

bool KeeperLoop::MayEnd() {
  if (server_.valid() || !children_.empty()) return false;
  if (!had_server_ && Clock::now() < first_server_deadline_) return false;
  return !Reap();
}

int KeeperLoop::PollTimeout() const {
  if (accept_failed_) return kAcceptPauseMs;
  if (had_server_) return -1;
  // Rounded up, or poll() would return a little early, again and again.
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      first_server_deadline_ - Clock::now());
  // Once the wait is over only a process that is left can be the reason to go
  // on; its end is a signal.
  if (left.count() <= 0) return -1;
  return static_cast<int>(std::min<int64_t>(left.count(), 60'000));
}

void KeeperLoop::Accept() {
  base::UniqueFd accepted(
      accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!accepted.valid()) {
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return;
    Note(absl::ErrnoToStatus(errno, "cannot accept a server").message());
    accept_failed_ = true;
    return;
  }
  if (!MayBeServer(accepted.get())) {
    Note("a process of another user wanted to connect");
    return;
  }
  DropServer();
  server_ = std::move(accepted);
  had_server_ = true;
  Tell(keeper::Welcome{.pid = getpid()});
  for (const auto& [launch, child] : children_) Tell(child);
  Tell(keeper::End{});
}

void KeeperLoop::ServeServer() {
  // While a child sets itself up the next one is forked. Not many at once: each
  // has the lock and the socket of this keeper until it is set up, and if the
  // keeper is killed then, the next one has to wait for all of them.
  for (int i = 0; i < kPacketsAtOnce && ServePacket(); ++i) {
    TellForked(/*all=*/forked_.size() >= kMaxSettingUp);
  }
  TellForked(/*all=*/true);
}

bool KeeperLoop::ServePacket() {
  if (!server_.valid()) return false;
  absl::StatusOr<keeper::Packet> packet = keeper::Receive(server_.get());
  if (absl::IsUnavailable(packet.status())) return false;
  if (absl::IsAborted(packet.status()) ||
      (packet.ok() && packet->bytes.empty())) {
    DropServer();
    return false;
  }
  absl::Status status = packet.status();
  if (packet.ok()) {
    absl::StatusOr<keeper::Message> message = keeper::Decode(packet->bytes);
    status = message.status();
    if (message.ok()) {
      if (auto* const spawn = std::get_if<keeper::Spawn>(&*message)) {
        const size_t expected = spawn->has_cgroup ? 3 : 2;
        if (packet->descriptors.size() == expected &&
            spawn->launch.size() <= kMaxLaunchBytes) {
          Handle(*spawn, packet->descriptors);
          return true;
        }
      } else if (const auto* const forget =
                     std::get_if<keeper::Forget>(&*message)) {
        Handle(*forget);
        return true;
      }
      status = absl::InvalidArgumentError(absl::StrCat(
          "a message that is none of a server's: type ", message->index() + 1,
          " with ", packet->descriptors.size(), " descriptors"));
    }
  }
  Note(absl::StrCat("closes the connection to the server: ", status.message()));
  DropServer();
  return false;
}

void KeeperLoop::Handle(keeper::Spawn& spawn,
                        const std::vector<base::UniqueFd>& descriptors) {
  if (children_.contains(spawn.launch)) {
    Tell(keeper::SpawnFailed{.launch = spawn.launch,
                             .reason = absl::StrCat("launch \"", spawn.launch,
                                                    "\" is there already")});
    return;
  }
  base::FaultPoint("keeper.spawn");
  const absl::StatusOr<platform::ProcessIdentity> child = forker_.Fork(
      spawn.spec, {.gate = descriptors[0].get(),
                   .output = descriptors[1].get(),
                   .cgroup = spawn.has_cgroup ? descriptors[2].get() : -1});
  if (!child.ok()) {
    const std::string_view reason = child.status().message();
    Tell(keeper::SpawnFailed{
        .launch = spawn.launch,
        .reason = std::string(reason.substr(0, kMaxReasonBytes))});
    return;
  }
  base::FaultPoint("keeper.forked");
  alive_[child->pid] = spawn.launch;
  children_[spawn.launch] = {.launch = spawn.launch,
                             .pid = child->pid,
                             .start_ticks = child->start_ticks,
                             .wait_status = {}};
  forked_.push_back({.launch = std::move(spawn.launch),
                     .pid = child->pid,
                     .start_ticks = child->start_ticks});
}

void KeeperLoop::TellForked(bool all) {
  for (; !forked_.empty(); forked_.pop_front()) {
    const int32_t pid = forked_.front().pid;
    if (all) forker_.AwaitSetUp(pid);
    if (!forker_.IsSetUp(pid)) return;
    Tell(forked_.front());
    base::FaultPoint("keeper.told");
  }
}

void KeeperLoop::Handle(const keeper::Forget& forget) {
  const auto found = children_.find(forget.launch);
  // One that is alive can't have been written down as ended.
  if (found == children_.end() || !found->second.wait_status) return;
  children_.erase(found);
}

bool KeeperLoop::Reap() {
  while (true) {
    int wait_status = 0;
    const pid_t pid = waitpid(-1, &wait_status, WNOHANG);
    if (pid < 0 && errno == EINTR) continue;
    if (pid <= 0) return pid == 0;
    const auto found = alive_.find(pid);
    if (found == alive_.end()) continue;  // Left behind by an instance.
    base::FaultPoint("keeper.exit");
    const std::string launch = std::move(found->second);
    alive_.erase(found);
    children_[launch].wait_status = wait_status;
    Tell(keeper::Exited{.launch = launch, .wait_status = wait_status});
  }
}

void KeeperLoop::Tell(const keeper::Message& message) {
  if (!server_.valid()) return;
  absl::StatusOr<std::string> bytes = keeper::Encode(message);
  if (!bytes.ok()) {
    Note(bytes.status().message());
    return;
  }
  queue_.push_back(*std::move(bytes));
  // Behind others it waits for POLLOUT as they do.
  if (queue_.size() == 1) Flush();
}

void KeeperLoop::Flush() {
  while (!queue_.empty()) {
    const absl::Status sent = keeper::Send(server_.get(), queue_.front(), {});
    if (absl::IsUnavailable(sent)) return;
    if (!sent.ok()) {
      if (!absl::IsAborted(sent)) Note(sent.message());
      DropServer();
      return;
    }
    queue_.pop_front();
  }
}

void KeeperLoop::DropServer() {
  server_.reset();
  queue_.clear();
}

}  // namespace tallyman::stacks
