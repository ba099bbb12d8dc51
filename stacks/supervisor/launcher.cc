#include "stacks/supervisor/launcher.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
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
#include "platform/base/unique_fd.h"
#include "platform/held_child.h"
#include "platform/process_handle.h"
#include "stacks/keeper/client.h"
#include "stacks/keeper/daemon.h"
#include "stacks/keeper/protocol.h"
#include "stacks/supervisor/instance.h"

namespace tallyman::stacks {
namespace {

constexpr absl::Duration kConnectTimeout = absl::Seconds(5);
constexpr absl::Duration kFirstReconnect = absl::Milliseconds(100);
constexpr absl::Duration kLastReconnect = absl::Seconds(10);
// How long a child that nobody knows may take to end by itself: those that an
// earlier server left at the gate do at once.
constexpr absl::Duration kStrayGrace = absl::Seconds(2);

bool IsUnderWay(Phase phase) {
  return phase == Phase::kSpawning || phase == Phase::kHeld;
}

}  // namespace

std::string DescribeWaitStatus(int32_t wait_status) {
  if (WIFEXITED(wait_status)) {
    return absl::StrCat("exited with code ", WEXITSTATUS(wait_status));
  }
  const int signal = WTERMSIG(wait_status);
  const char* const name = sigabbrev_np(signal);
  return absl::StrCat("killed by ",
                      name == nullptr ? absl::StrCat("signal ", signal)
                                      : absl::StrCat("SIG", name),
                      WCOREDUMP(wait_status) ? " (core dumped)" : "");
}

Launcher::Launcher(Options options, Callbacks callbacks, base::EventLoop& loop,
                   const OutputLogs& logs)
    : options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      loop_(loop),
      logs_(logs),
      reconnect_delay_(kFirstReconnect) {}

void Launcher::SetPhase(Instance& instance, Phase phase) {
  if (IsUnderWay(instance.phase)) --under_way_;
  instance.phase = phase;
  if (IsUnderWay(phase)) ++under_way_;
}

Instance* Launcher::Find(const std::string& launch) {
  const auto found = by_launch_.find(launch);
  return found == by_launch_.end() ? nullptr : found->second;
}

// --- The connection

void Launcher::Adopt(Instance& instance) {
  by_launch_[instance.launch] = &instance;
  if (IsUnderWay(instance.phase)) ++under_way_;
}

absl::Status Launcher::TryConnect() {
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

void Launcher::Connect() {
  if (client_ != nullptr || reconnect_.active()) return;
  if (absl::Status connected = TryConnect(); !connected.ok()) {
    callbacks_.notices({.severity = Notice::Severity::kError,
                        .event = "keeper_unreachable",
                        .what = connected.message()});
    RetryLater();
    return;
  }
  reconnect_delay_ = kFirstReconnect;
  callbacks_.notices({.event = "keeper_connected",
                      .what = absl::StrCat("pid ", client_->keeper_pid())});
  WatchSocket();
  CompareChildren();
}

void Launcher::RetryLater() {
  reconnect_ = loop_.RunAfter(reconnect_delay_, [this] {
    reconnect_.reset();
    Connect();
  });
  reconnect_delay_ = std::min(reconnect_delay_ * 2, kLastReconnect);
}

void Launcher::WatchSocket() {
  watching_writes_ = client_->wants_write();
  socket_watch_.reset();
  const uint32_t events =
      EPOLLIN | (watching_writes_ ? static_cast<uint32_t>(EPOLLOUT) : 0u);
  socket_watch_ =
      loop_.WatchFd(client_->fd(), events, [this](uint32_t) { OnSocket(); });
}

void Launcher::CompareChildren() {
  std::set<std::string> kept;
  for (const keeper::Child& child : client_->children()) {
    Instance* const instance = Find(child.launch);
    if (instance == nullptr) {
      if (!ended_.contains(child.launch)) AddStray(child);
      continue;
    }
    kept.insert(child.launch);
    instance->orphan = false;
    instance->end_watch.reset();
    if (instance->phase == Phase::kSpawning) {
      OnSpawned(*instance, child.pid, child.start_ticks);
    }
    if (child.wait_status) EndedWith(*instance, *child.wait_status);
  }
  OrphanAllBut(kept);
}

void Launcher::OrphanAllBut(const std::set<std::string>& kept) {
  std::vector<Instance*> others;
  for (const auto& [launch, instance] : by_launch_) {
    if (!kept.contains(launch)) others.push_back(instance);
  }
  for (Instance* const instance : others) Orphan(*instance);
}

void Launcher::AddStray(const keeper::Child& child) {
  if (child.wait_status) {
    Forget(child.launch);
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
    callbacks_.notices({.event = "stray_killed",
                        .what = absl::StrCat(
                            "pid ", stray.handle->identity().pid, " of launch ",
                            launch, ", which no record tells of")});
    stray.handle->SignalGroup(SIGKILL).IgnoreError();
  });
}

void Launcher::OnKeeperGone(const absl::Status& why) {
  callbacks_.notices({.event = "keeper_lost", .what = why.message()});
  socket_watch_.reset();
  client_.reset();
  strays_.clear();
  if (by_launch_.empty()) return;
  // It may be there still, and have lost nothing but the connection: then it
  // says itself what it has.
  Connect();
  if (!connected()) OrphanAllBut({});
}

void Launcher::OnSocket() {
  // Bounded, so that others get their turn while children start in crowds.
  for (int i = 0; i < 256 && client_ != nullptr; ++i) {
    absl::StatusOr<std::optional<keeper::Message>> message = client_->Receive();
    if (!message.ok()) {
      OnKeeperGone(message.status());
      return;
    }
    if (!message->has_value()) break;
    OnMessage(**message);
  }
  if (client_ == nullptr) return;
  if (const absl::Status flushed = client_->Flush(); !flushed.ok()) {
    OnKeeperGone(flushed);
    return;
  }
  if (client_->wants_write() != watching_writes_) WatchSocket();
}

void Launcher::OnMessage(const keeper::Message& message) {
  if (const auto* spawned = std::get_if<keeper::Spawned>(&message)) {
    if (Instance* const instance = Find(spawned->launch)) {
      OnSpawned(*instance, spawned->pid, spawned->start_ticks);
    }
  } else if (const auto* failed = std::get_if<keeper::SpawnFailed>(&message)) {
    if (Instance* const instance = Find(failed->launch)) {
      Abandon(*instance);
      callbacks_.failed(*instance, absl::UnavailableError(failed->reason));
    }
  } else if (const auto* exited = std::get_if<keeper::Exited>(&message)) {
    if (Instance* const instance = Find(exited->launch)) {
      EndedWith(*instance, exited->wait_status);
    } else if (!ended_.contains(exited->launch)) {
      strays_.erase(exited->launch);
      if (options_.cgroups != nullptr) {
        options_.cgroups->Remove(exited->launch).IgnoreError();
      }
      Forget(exited->launch);
    }
  }
}

// --- Starting

absl::Status Launcher::Start(Instance& instance, platform::LaunchSpec spec) {
  absl::StatusOr<platform::Gate> gate = platform::Gate::Create();
  if (!gate.ok()) return gate.status();
  base::UniqueFd child_end(fcntl(gate->child_end(), F_DUPFD_CLOEXEC, 3));
  if (!child_end.valid()) {
    return absl::ErrnoToStatus(errno, "can't open a gate");
  }
  absl::StatusOr<base::UniqueFd> output = logs_.OpenForAppend(instance.key());
  if (!output.ok()) return output.status();
  std::optional<base::UniqueFd> cgroup;
  if (options_.cgroups != nullptr) {
    absl::StatusOr<base::UniqueFd> made =
        options_.cgroups->Make(instance.launch);
    if (!made.ok()) return made.status();
    cgroup = *std::move(made);
  }
  instance.has_cgroup = cgroup.has_value();

  base::FaultPoint("start.spawn");
  keeper::Spawn spawn{.launch = instance.launch,
                      .spec = std::move(spec),
                      .has_cgroup = instance.has_cgroup};
  absl::Status sent = client_->Spawn(spawn, std::move(child_end),
                                     *std::move(output), std::move(cgroup));
  if (!sent.ok() && !absl::IsAborted(sent)) {
    if (instance.has_cgroup) {
      options_.cgroups->Remove(instance.launch).IgnoreError();
    }
    return sent;
  }
  instance.spec = std::move(spawn.spec);
  instance.gate = *std::move(gate);
  instance.gate->CloseChildEnd();
  by_launch_[instance.launch] = &instance;
  SetPhase(instance, Phase::kSpawning);
  // That the keeper is gone (Aborted) is seen at its socket, by the loop.
  if (client_->wants_write() != watching_writes_) WatchSocket();
  return absl::OkStatus();
}

void Launcher::Abandon(Instance& instance) {
  by_launch_.erase(instance.launch);
  instance.gate_watch.reset();
  instance.gate.reset();
  instance.handle.reset();
  instance.spec.reset();
  if (instance.has_cgroup && options_.cgroups != nullptr) {
    options_.cgroups->Remove(instance.launch).IgnoreError();
  }
  SetPhase(instance, Phase::kWaiting);
}

void Launcher::OnSpawned(Instance& instance, int32_t pid, int64_t start_ticks) {
  platform::ProcessIdentity identity{
      .boot_id = options_.boot_id, .pid = pid, .start_ticks = start_ticks};
  absl::StatusOr<platform::ProcessHandle> handle =
      platform::ProcessHandle::Open(identity);
  // Without a handle it has ended already, and the keeper will say how.
  if (handle.ok()) {
    instance.handle = *std::move(handle);
  } else if (!absl::IsNotFound(handle.status())) {
    // What can't be watched and stopped is not let go.
    instance.failure = std::string(handle.status().message());
    CloseGate(instance);
  }
  instance.record.launch = LaunchRecord{.launch = instance.launch,
                                        .identity = std::move(identity),
                                        .launch_hash = instance.launch_hash,
                                        .generation = instance.generation,
                                        .started_at = absl::Now(),
                                        .confirmed = false};
  SetPhase(instance, Phase::kHeld);
  callbacks_.held(instance);
}

void Launcher::Release(Instance& instance) {
  if (instance.phase != Phase::kHeld || !instance.gate) return;
  if (!instance.gate->Release().ok()) {
    CloseGate(instance);  // It ends, as one that never ran.
    return;
  }
  SetPhase(instance, Phase::kReleased);
  instance.gate_watch =
      loop_.WatchFd(instance.gate->fd(), EPOLLIN,
                    [this, &instance](uint32_t) { OnGate(instance); });
}

void Launcher::CloseGate(Instance& instance) {
  instance.gate_watch.reset();
  instance.gate.reset();
}

void Launcher::OnGate(Instance& instance) {
  switch (instance.gate->Outcome()) {
    case platform::Gate::State::kPending:
      return;
    case platform::Gate::State::kRunning:
      SetRunning(instance);
      return;
    case platform::Gate::State::kFailed:
      // It exits now; that is told by its end.
      instance.failure = instance.gate->failure().Message(*instance.spec);
      CloseGate(instance);
      return;
  }
}

void Launcher::SetRunning(Instance& instance) {
  CloseGate(instance);
  instance.spec.reset();
  SetPhase(instance, Phase::kRunning);
  callbacks_.running(instance);
}

// --- The end

void Launcher::EndedWith(Instance& instance, int32_t wait_status) {
  Ended(instance, {.text = DescribeWaitStatus(wait_status)},
        WIFEXITED(wait_status) &&
            WEXITSTATUS(wait_status) == platform::kNeverReleasedExitCode);
}

void Launcher::Ended(Instance& instance, ExitReport report,
                     bool says_never_ran) {
  if (instance.exit) return;
  // What the gate has to tell came before the end.
  if (instance.gate && instance.phase == Phase::kReleased) OnGate(instance);
  report.never_ran = says_never_ran && instance.phase != Phase::kRunning &&
                     instance.failure.empty();
  report.at = absl::Now();
  instance.end_watch.reset();
  CloseGate(instance);
  by_launch_.erase(instance.launch);
  ended_.insert(instance.launch);
  // Nothing of it is under way any more.
  SetPhase(instance, Phase::kRunning);
  instance.exit = std::move(report);
  callbacks_.ended(instance);
}

void Launcher::Orphan(Instance& instance) {
  if (instance.phase == Phase::kSpawning) {
    Abandon(instance);
    callbacks_.unstarted(instance);
    return;
  }
  if (instance.orphan) return;
  instance.orphan = true;
  if (!instance.handle) {
    Ended(instance,
          {.text = "ended unseen, with or after its keeper", .lost = true});
    return;
  }
  instance.end_watch = loop_.WatchFd(
      instance.handle->fd(), EPOLLIN, [this, &instance](uint32_t) {
        // One that was never seen to run may never have.
        Ended(instance,
              {.text = "ended; how is unknown, because its keeper had ended",
               .lost = instance.phase != Phase::kRunning && !instance.gate});
      });
  if (!instance.handle->HasEnded()) callbacks_.orphaned(instance);
}

void Launcher::Forget(const std::string& launch) {
  ended_.erase(launch);
  if (client_ == nullptr) return;
  // If the keeper is gone there is nobody left who would have to forget.
  client_->Forget(launch).IgnoreError();
  if (client_->wants_write() != watching_writes_) WatchSocket();
}

}  // namespace tallyman::stacks
