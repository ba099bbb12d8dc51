#include "stacks/supervisor/stopper.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "platform/base/fault_injection.h"
#include "platform/base/unique_fd.h"
#include "platform/cgroup.h"
#include "platform/launch_members.h"
#include "platform/process_handle.h"
#include "stacks/model/definition.h"
#include "stacks/supervisor/instance.h"

namespace tallyman::stacks {
namespace {

// The delay after a search that failed (out of descriptors, say), and before
// the second search for a launch without a cgroup.
constexpr absl::Duration kRetryDelay = absl::Milliseconds(200);

// True if a signal to the leader's group has reached the process. It must not
// get a second one: many programs end at once on a second SIGTERM.
bool IsInGroup(const Instance& instance,
               const platform::ProcessHandle& member) {
  return instance.handle &&
         getpgid(member.identity().pid) == instance.handle->identity().pid;
}

void SignalOutsideGroup(const Instance& instance,
                        const platform::ProcessHandle& member, int signal) {
  if (signal == SIGKILL || !IsInGroup(instance, member)) {
    member.Signal(signal).IgnoreError();
  }
}

}  // namespace

void Stopper::Stop(Instance& instance, const StopSequence& sequence) {
  if (instance.stopping) return;
  instance.stopping.emplace(Stopping{.sequence = sequence});
  base::FaultPoint("stop.signal");
  Advance(instance);
}

void Stopper::Advance(Instance& instance) {
  Stopping& stopping = *instance.stopping;
  const StopStep& step = stopping.sequence.steps[stopping.next_step++];
  SendSignal(instance, step.signal);
  if (stopping.next_step < stopping.sequence.steps.size()) {
    stopping.timer = loop_.RunAfter(step.wait, [this, &instance] {
      Advance(instance);
      if (instance.exit) CheckLater(instance);
    });
  }
}

void Stopper::SendSignal(Instance& instance, int signal) {
  if (!instance.handle && !instance.exit) {
    // Out of descriptors at an earlier try.
    auto handle =
        platform::ProcessHandle::Open(instance.record.launch->identity);
    if (handle.ok()) instance.handle = *std::move(handle);
  }
  // Errors are ignored: the next search finds the processes that remain, and
  // the sequence goes on.
  if (instance.handle) instance.handle->SignalGroup(signal).IgnoreError();
  for (const platform::ProcessHandle& member : instance.stopping->members) {
    SignalOutsideGroup(instance, member, signal);
  }
  if (signal == SIGKILL) {
    if (instance.has_cgroup && cgroups_ != nullptr) {
      cgroups_->Kill(instance.launch).IgnoreError();
    }
  } else if (instance.record.paused) {
    // A stopped process handles no signal until it continues (signal(7)).
    if (instance.handle) instance.handle->SignalGroup(SIGCONT).IgnoreError();
    for (const platform::ProcessHandle& member : instance.stopping->members) {
      SignalOutsideGroup(instance, member, SIGCONT);
    }
  }
}

void Stopper::LeaderEnded(Instance& instance, const StopSequence& sequence) {
  if (!instance.stopping) {
    instance.stopping.emplace(Stopping{.sequence = sequence});
  }
  CheckLater(instance);
}

void Stopper::CheckLater(Instance& instance) {
  to_check_.insert(&instance);
  loop_.Wake();
}

bool Stopper::IsKnownToBeGone(Instance& instance) const {
  if (!instance.has_cgroup || cgroups_ == nullptr || !instance.handle) {
    return false;
  }
  if (!absl::IsNotFound(instance.handle->SignalGroup(0))) return false;
  const absl::StatusOr<bool> removed = cgroups_->Remove(instance.launch);
  return removed.ok() && *removed;
}

void Stopper::Round() {
  if (to_check_.empty()) return;
  std::vector<Instance*> to_find;
  for (Instance* const instance : std::exchange(to_check_, {})) {
    if (IsKnownToBeGone(*instance)) {
      Finish(*instance);
    } else {
      to_find.push_back(instance);
    }
  }
  if (to_find.empty()) return;

  std::vector<platform::LaunchIdentity> launches;
  launches.reserve(to_find.size());
  for (const Instance* const instance : to_find) {
    launches.push_back({.leader = instance->record.launch->identity,
                        .launch = instance->launch,
                        .has_group = instance->handle &&
                                     instance->handle->SignalGroup(0).ok()});
  }
  absl::StatusOr<std::vector<std::vector<platform::ProcessHandle>>> found =
      platform::FindLaunchMembers(launches);
  for (size_t i = 0; i < to_find.size(); ++i) {
    Instance& instance = *to_find[i];
    if (!found.ok()) {
      instance.stopping->member_watches.clear();
      instance.stopping->member_watches.push_back(CheckAfterDelay(instance));
    } else if (HandleMembers(instance, std::move((*found)[i]))) {
      Finish(instance);
    }
  }
}

base::EventLoop::Registration Stopper::CheckAfterDelay(Instance& instance) {
  return loop_.RunAfter(kRetryDelay,
                        [this, &instance] { CheckLater(instance); });
}

bool Stopper::HandleMembers(Instance& instance,
                            std::vector<platform::ProcessHandle> members) {
  Stopping& stopping = *instance.stopping;
  bool cgroup_is_empty = true;
  if (instance.has_cgroup && cgroups_ != nullptr) {
    const absl::StatusOr<bool> removed = cgroups_->Remove(instance.launch);
    cgroup_is_empty = !removed.ok() || *removed;
  }
  if (members.empty() && cgroup_is_empty) return true;

  const std::vector<platform::ProcessHandle> known =
      std::exchange(stopping.members, std::move(members));
  stopping.member_watches.clear();
  for (const platform::ProcessHandle& member : stopping.members) {
    stopping.member_watches.push_back(
        loop_.WatchFd(member.fd(), EPOLLIN,
                      [this, &instance](uint32_t) { CheckLater(instance); }));
  }
  if (!cgroup_is_empty) WatchCgroup(instance);

  if (stopping.next_step == 0) {
    Advance(instance);
    return false;
  }
  // Processes that are new to the search have missed the last signal.
  const int signal = stopping.sequence.steps[stopping.next_step - 1].signal;
  for (const platform::ProcessHandle& member : stopping.members) {
    const bool is_known =
        absl::c_any_of(known, [&](const platform::ProcessHandle& other) {
          return other.identity() == member.identity();
        });
    if (!is_known) SignalOutsideGroup(instance, member, signal);
  }
  if (signal == SIGKILL && !cgroup_is_empty) {
    cgroups_->Kill(instance.launch).IgnoreError();
  }
  return false;
}

void Stopper::WatchCgroup(Instance& instance) {
  Stopping& stopping = *instance.stopping;
  if (stopping.cgroup_watch.active()) return;
  absl::StatusOr<base::UniqueFd> events = cgroups_->OpenEvents(instance.launch);
  if (!events.ok()) {
    stopping.member_watches.push_back(CheckAfterDelay(instance));
    return;
  }
  stopping.cgroup_events = *std::move(events);
  // Edge-triggered: the file stays ready, since it is never read.
  stopping.cgroup_watch =
      loop_.WatchFd(stopping.cgroup_events.get(), EPOLLPRI | EPOLLET,
                    [this, &instance](uint32_t) { CheckLater(instance); });
}

// A search misses processes that are forked, or that execute a program, while
// it runs.
void Stopper::KillMissedMembers() {
  const auto launches = std::exchange(gone_launches_, {});
  const auto found = platform::FindLaunchMembers(launches);
  if (!found.ok()) return;
  for (const std::vector<platform::ProcessHandle>& members : *found) {
    for (const platform::ProcessHandle& member : members) {
      member.Signal(SIGKILL).IgnoreError();
    }
  }
}

void Stopper::Finish(Instance& instance) {
  if (!instance.has_cgroup || cgroups_ == nullptr) {
    gone_launches_.push_back({.leader = instance.record.launch->identity,
                              .launch = instance.launch});
    if (!missed_timer_.active()) {
      missed_timer_ = loop_.RunAfter(kRetryDelay, [this] {
        missed_timer_.reset();
        KillMissedMembers();
      });
    }
  }
  to_check_.erase(&instance);
  instance.stopping.reset();
  gone_(instance);
}

}  // namespace tallyman::stacks
