#include "stacks/supervisor/launcher.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

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
#include "stacks/keeper/link.h"
#include "stacks/keeper/protocol.h"
#include "stacks/supervisor/instance.h"

namespace tallyman::stacks {
namespace {

// How long the end of an instance waits for the report of a keeper that cannot
// be reached. Longer than the first few attempts to connect again.
constexpr absl::Duration kReportTimeout = absl::Seconds(2);

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
      link_({.directory = options_.directory,
             .program = options_.program,
             .boot_id = options_.boot_id},
            LinkCallbacks(), loop) {}

KeeperLink::Callbacks Launcher::LinkCallbacks() {
  return {
      .found =
          [this](const keeper::Child& child) {
            if (Instance* const instance = Find(child.launch)) {
              OnFound(*instance, child);
            }
          },
      .spawned =
          [this](const keeper::Spawned& spawned) {
            if (Instance* const instance = Find(spawned.launch)) {
              OnSpawned(*instance, spawned.pid, spawned.start_ticks);
            }
          },
      .spawn_failed =
          [this](const keeper::SpawnFailed& failed) {
            if (Instance* const instance = Find(failed.launch)) {
              Abandon(*instance);
              callbacks_.failed(*instance,
                                absl::UnavailableError(failed.reason));
            }
          },
      .exited =
          [this](const keeper::Exited& exited) {
            if (Instance* const instance = Find(exited.launch)) {
              OnExit(*instance, exited.wait_status);
            }
          },
      .orphaned =
          [this](const std::string& launch) {
            if (Instance* const instance = Find(launch)) OnOrphaned(*instance);
          },
      .unreachable =
          [this](const std::string& launch) {
            if (Instance* const instance = Find(launch)) {
              OnUnreachable(*instance);
            }
          },
      .stray_ended =
          [this](const std::string& launch) { RemoveCgroup(launch); },
      .lost = callbacks_.keeper_lost,
      .notices = callbacks_.notices,
  };
}

void Launcher::SetPhase(Instance& instance, Phase phase) {
  if (IsUnderWay(instance.phase)) --under_way_;
  instance.phase = phase;
  if (IsUnderWay(phase)) ++under_way_;
}

Instance* Launcher::Find(const std::string& launch) {
  const auto found = by_launch_.find(launch);
  return found == by_launch_.end() ? nullptr : found->second;
}

void Launcher::Adopt(Instance& instance) {
  by_launch_[instance.launch] = &instance;
  if (IsUnderWay(instance.phase)) ++under_way_;
  link_.Track(instance.launch);
}

void Launcher::OnFound(Instance& instance, const keeper::Child& child) {
  instance.orphan = false;
  instance.end_watch.reset();
  if (instance.phase == Phase::kSpawning) {
    OnSpawned(instance, child.pid, child.start_ticks);
  }
  if (child.wait_status) OnExit(instance, *child.wait_status);
}

void Launcher::RemoveCgroup(const std::string& launch) {
  if (options_.cgroups != nullptr) {
    options_.cgroups->Remove(launch).IgnoreError();
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
  absl::Status sent = link_.Spawn(spawn, std::move(child_end),
                                  *std::move(output), std::move(cgroup));
  if (!sent.ok()) {
    if (instance.has_cgroup) RemoveCgroup(instance.launch);
    return sent;
  }
  instance.spec = std::move(spawn.spec);
  instance.gate = *std::move(gate);
  instance.gate->CloseChildEnd();
  by_launch_[instance.launch] = &instance;
  SetPhase(instance, Phase::kSpawning);
  return absl::OkStatus();
}

void Launcher::Abandon(Instance& instance) {
  by_launch_.erase(instance.launch);
  link_.Untrack(instance.launch);
  CloseGate(instance);
  instance.handle.reset();
  instance.spec.reset();
  if (instance.has_cgroup) RemoveCgroup(instance.launch);
  SetPhase(instance, Phase::kWaiting);
}

void Launcher::OnSpawned(Instance& instance, int32_t pid, int64_t start_ticks) {
  platform::ProcessIdentity identity{
      .boot_id = options_.boot_id, .pid = pid, .start_ticks = start_ticks};
  absl::StatusOr<platform::ProcessHandle> handle =
      platform::ProcessHandle::Open(identity);
  // NotFound: the child has ended already, and the keeper reports how.
  if (handle.ok()) {
    instance.handle = *std::move(handle);
  } else if (!absl::IsNotFound(handle.status())) {
    // Without a handle the process could be neither watched nor stopped.
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
    CloseGate(instance);  // The child ends without having run its program.
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
      // The child exits now, which the keeper reports.
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

void Launcher::OnExit(Instance& instance, int32_t wait_status) {
  OnEnded(instance, {.text = DescribeWaitStatus(wait_status)},
          WIFEXITED(wait_status) &&
              WEXITSTATUS(wait_status) == platform::kNeverReleasedExitCode);
}

void Launcher::OnEnded(Instance& instance, ExitReport report,
                       bool exited_unreleased) {
  if (instance.exit) return;
  // The gate had its outcome before the end.
  if (instance.gate && instance.phase == Phase::kReleased) OnGate(instance);
  // A program may exit with the same code, but only if it ran.
  report.never_ran = exited_unreleased && instance.phase != Phase::kRunning &&
                     instance.failure.empty();
  report.at = absl::Now();
  instance.end_watch.reset();
  CloseGate(instance);
  by_launch_.erase(instance.launch);
  // Also an instance that never ran no longer counts as under way.
  SetPhase(instance, Phase::kRunning);
  instance.exit = std::move(report);
  callbacks_.ended(instance);
}

void Launcher::OnOrphaned(Instance& instance) {
  if (instance.phase == Phase::kSpawning) {
    Abandon(instance);
    callbacks_.unstarted(instance);
    return;
  }
  if (instance.orphan) return;
  instance.orphan = true;
  if (!instance.handle) {
    OnEnded(instance,
            {.text = "ended unseen, with or after its keeper", .lost = true});
    return;
  }
  instance.end_watch = loop_.WatchFd(
      instance.handle->fd(), EPOLLIN, [this, &instance](uint32_t) {
        OnEndedUnseen(instance,
                      "ended; how is unknown, because its keeper had ended");
      });
  if (!instance.handle->HasEnded()) callbacks_.orphaned(instance);
}

// Sees the end itself, but leaves the keeper some time to report how: until it
// is found again, which ends the watch.
void Launcher::OnUnreachable(Instance& instance) {
  if (instance.phase == Phase::kSpawning || instance.end_watch.active()) return;
  const auto on_end = [this, &instance] {
    instance.end_watch = loop_.RunAfter(kReportTimeout, [this, &instance] {
      OnEndedUnseen(instance,
                    "ended; how is unknown, because its keeper cannot be "
                    "reached");
    });
  };
  if (!instance.handle) {
    on_end();
    return;
  }
  instance.end_watch = loop_.WatchFd(instance.handle->fd(), EPOLLIN,
                                     [on_end](uint32_t) { on_end(); });
}

void Launcher::OnEndedUnseen(Instance& instance, std::string text) {
  // An instance of an earlier server that was not seen to run may never have
  // run.
  const bool may_have_run = instance.phase == Phase::kRunning || instance.gate;
  OnEnded(instance, {.text = std::move(text), .lost = !may_have_run});
}

}  // namespace tallyman::stacks
