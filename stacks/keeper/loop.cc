#include "stacks/keeper/loop.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <memory>
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
#include "platform/base/event_loop.h"
#include "platform/base/fault_injection.h"
#include "platform/base/signal_source.h"
#include "platform/base/unique_fd.h"
#include "platform/held_child.h"
#include "platform/process_handle.h"
#include "stacks/keeper/protocol.h"
#include "stacks/keeper/send_queue.h"
#include "stacks/keeper/socket.h"
#include "stacks/keeper/versions.h"

namespace tallyman::stacks {
namespace {

// How long to wait after an accept(2) that found no descriptor or memory.
constexpr absl::Duration kAcceptRetryDelay = absl::Seconds(1);

// Packets read at once, so that ended children and other servers get their
// turn.
constexpr int kPacketsAtOnce = 64;
constexpr size_t kMaxSettingUp = 8;

// With these limits the answer to a message always fits into a message.
constexpr size_t kMaxLaunchBytes = 1024;
constexpr size_t kMaxReasonBytes = 4096;

// Writes a line to standard error, the keeper's log.
void Log(std::string_view text) {
  std::cerr << absl::FormatTime(absl::RFC3339_sec, absl::Now(),
                                absl::UTCTimeZone())
            << " keeper " << getpid() << ": " << text << "\n";
}

// Root is trusted.
bool IsTrusted(int connection) {
  const absl::StatusOr<uid_t> user = keeper::PeerUser(connection);
  return user.ok() && (*user == geteuid() || *user == 0);
}

}  // namespace

KeeperLoop::Server::Server(base::EventLoop& loop, base::UniqueFd connection,
                           KeeperLoop& owner)
    : socket(std::move(connection)),
      watch(loop, socket.get(),
            [&owner](uint32_t events) { owner.OnServerEvents(events); }) {}

KeeperLoop::KeeperLoop(base::EventLoop& loop, base::UniqueFd listener,
                       Options options)
    : loop_(loop), listener_(std::move(listener)), options_(options) {}

absl::Status KeeperLoop::Run() {
  if (absl::Status started = Start(); !started.ok()) return started;
  while (!MayEnd()) loop_.RunOnce();
  return absl::OkStatus();
}

absl::Status KeeperLoop::Start() {
  // With SIG_IGN the kernel would discard exit statuses (waitpid(2)).
  std::signal(SIGCHLD, SIG_DFL);
  base::BlockSignals({SIGCHLD});
  absl::StatusOr<base::EventLoop::Registration> signals =
      loop_.WatchSignals({SIGCHLD}, [this](int) {
        Reap();
        UpdateWatch();
      });
  if (!signals.ok()) return signals.status();
  child_signals_ = *std::move(signals);
  first_server_timer_ = loop_.RunAfter(
      options_.first_server_wait, [this] { awaits_first_server_ = false; });
  WatchListener();
  return absl::OkStatus();
}

bool KeeperLoop::MayEnd() {
  if (server_ != nullptr || awaits_first_server_ || !children_.empty()) {
    return false;
  }
  return !Reap();
}

void KeeperLoop::WatchListener() {
  accept_retry_.reset();
  listener_watch_ =
      loop_.WatchFd(listener_.get(), EPOLLIN, [this](uint32_t) { Accept(); });
}

void KeeperLoop::Accept() {
  base::UniqueFd accepted(
      accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!accepted.valid()) {
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return;
    Log(absl::ErrnoToStatus(errno, "cannot accept a server").message());
    listener_watch_.reset();
    accept_retry_ =
        loop_.RunAfter(kAcceptRetryDelay, [this] { WatchListener(); });
    return;
  }
  if (!IsTrusted(accepted.get())) {
    Log("a process of another user wanted to connect");
    return;
  }
  awaits_first_server_ = false;
  DropServer();
  server_ = std::make_unique<Server>(loop_, std::move(accepted), *this);
  Send(keeper::Welcome{.version = options_.versions.oldest, .pid = getpid()});
  for (const auto& [launch, child] : children_) Send(child);
  Send(keeper::VersionsRecord(options_.versions.newest));
  Send(keeper::End{});
  UpdateWatch();
}

void KeeperLoop::OnServerEvents(uint32_t events) {
  // Each of these may drop the server.
  if ((events & EPOLLOUT) != 0) Flush();
  if ((events & ~static_cast<uint32_t>(EPOLLOUT)) != 0) ReadPackets();
  UpdateWatch();
}

void KeeperLoop::ReadPackets() {
  // While a child sets itself up the next one is forked. Not many at once: each
  // has the keeper's lock and socket until it is set up, and after the
  // keeper's death the next keeper has to wait for all of them.
  for (int i = 0; i < kPacketsAtOnce && ReadPacket(); ++i) {
    ReportForked(/*all=*/forked_.size() >= kMaxSettingUp);
  }
  ReportForked(/*all=*/true);
}

bool KeeperLoop::ReadPacket() {
  if (server_ == nullptr) return false;
  absl::StatusOr<keeper::Packet> packet =
      keeper::Receive(server_->socket.get());
  if (absl::IsUnavailable(packet.status()) ||
      absl::IsResourceExhausted(packet.status())) {
    return false;
  }
  if (absl::IsAborted(packet.status()) ||
      (packet.ok() && packet->bytes.empty())) {
    DropServer();
    return false;
  }
  absl::Status status = packet.status();
  if (packet.ok()) status = HandlePacket(*packet);
  if (status.ok()) return true;
  Log(absl::StrCat("closes the connection to the server: ", status.message()));
  DropServer();
  return false;
}

absl::Status KeeperLoop::HandlePacket(const keeper::Packet& packet) {
  absl::StatusOr<keeper::Message> message = keeper::Decode(packet.bytes);
  if (!message.ok()) return message.status();
  if (auto* const spawn = std::get_if<keeper::Spawn>(&*message)) {
    const size_t expected = spawn->has_cgroup ? 3 : 2;
    if (packet.descriptors.size() == expected &&
        spawn->launch.size() <= kMaxLaunchBytes) {
      Handle(*spawn, packet.descriptors);
      return absl::OkStatus();
    }
  } else if (const auto* const forget =
                 std::get_if<keeper::Forget>(&*message)) {
    Handle(*forget);
    return absl::OkStatus();
  } else if (const auto* const select =
                 std::get_if<keeper::Select>(&*message)) {
    return CheckSelected(*select);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("not a message of a server: type ", message->index() + 1,
                   " with ", packet.descriptors.size(), " descriptors"));
}

// No message depends on the version yet, so it is not kept.
absl::Status KeeperLoop::CheckSelected(const keeper::Select& select) const {
  if (select.version < options_.versions.oldest ||
      select.version > options_.versions.newest) {
    return absl::InvalidArgumentError(
        absl::StrCat("it selects version ", select.version,
                     " of the protocol, which was not offered"));
  }
  return absl::OkStatus();
}

void KeeperLoop::Handle(keeper::Spawn& spawn,
                        const std::vector<base::UniqueFd>& descriptors) {
  if (children_.contains(spawn.launch)) {
    Send(keeper::SpawnFailed{.launch = spawn.launch,
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
    Send(keeper::SpawnFailed{
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

void KeeperLoop::ReportForked(bool all) {
  for (; !forked_.empty(); forked_.pop_front()) {
    const int32_t pid = forked_.front().pid;
    if (all) forker_.AwaitSetUp(pid);
    if (!forker_.IsSetUp(pid)) return;
    Send(forked_.front());
    base::FaultPoint("keeper.told");
  }
}

void KeeperLoop::Handle(const keeper::Forget& forget) {
  const auto found = children_.find(forget.launch);
  // No server can have stored the end of a child that is alive.
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
    if (found == alive_.end()) continue;  // An orphan of an instance.
    base::FaultPoint("keeper.exit");
    const std::string launch = std::move(found->second);
    alive_.erase(found);
    children_[launch].wait_status = wait_status;
    Send(keeper::Exited{.launch = launch, .wait_status = wait_status});
  }
}

void KeeperLoop::Send(const keeper::Message& message) {
  if (server_ == nullptr) return;
  absl::StatusOr<std::string> bytes = keeper::Encode(message);
  if (!bytes.ok()) {
    Log(bytes.status().message());
    return;
  }
  const absl::Status sent = server_->queue.Push(
      server_->socket.get(), {.bytes = *std::move(bytes), .descriptors = {}});
  if (sent.ok()) return;
  if (!absl::IsAborted(sent)) Log(sent.message());
  DropServer();
}

void KeeperLoop::Flush() {
  if (server_ == nullptr) return;
  const absl::Status sent = server_->queue.Flush(server_->socket.get());
  if (sent.ok()) return;
  if (!absl::IsAborted(sent)) Log(sent.message());
  DropServer();
}

void KeeperLoop::DropServer() { server_.reset(); }

void KeeperLoop::UpdateWatch() {
  if (server_ == nullptr) return;
  server_->watch.Update(/*reads=*/server_->queue.size() < kMaxQueued,
                        server_->queue.state());
}

}  // namespace tallyman::stacks
