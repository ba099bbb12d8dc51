// InstanceManager: the way of one instance, from its first start to its
// removal.

#include <csignal>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "platform/base/fault_injection.h"
#include "platform/base/uid.h"
#include "platform/held_child.h"
#include "stacks/model/event.h"
#include "stacks/supervisor/backoff.h"
#include "stacks/supervisor/command.h"
#include "stacks/supervisor/group.h"
#include "stacks/supervisor/instance.h"
#include "stacks/supervisor/instance_manager.h"
#include "stacks/supervisor/instance_store.h"

namespace tallyman::stacks {

void InstanceManager::Add(InstanceGroup& group, int64_t number) {
  auto instance =
      std::make_unique<Instance>(InstanceKey{.stack_uid = group.stack_uid,
                                             .process = group.process,
                                             .number = number});
  MarkChanged(*instance);
  group.instances.emplace(number, std::move(instance));
}

void InstanceManager::StartIfDue(Instance& instance) {
  if (instance.has_process() || instance.leaving || instance.retry.active()) {
    return;
  }
  if (!launcher_.connected()) launcher_.Connect();
  if (!launcher_.has_room()) {
    waiting_for_room_.insert(
        {instance.key().stack_uid, instance.key().process});
    return;
  }
  InstanceGroup& group = GroupOf(instance);
  if (absl::Status started = Start(group, instance); !started.ok()) {
    OnStartFailed(instance, started);
  }
}

absl::Status InstanceManager::Start(InstanceGroup& group, Instance& instance) {
  instance.failure.clear();
  instance.launch = base::NewUid();
  instance.launch_hash = group.definition->launch_hash;
  instance.generation = group.desired.generation;
  absl::StatusOr<platform::LaunchSpec> spec =
      MakeLaunchSpec(group.definition->definition,
                     {.stack_uid = group.stack_uid,
                      .stack_name = group.stack->name,
                      .environment = group.stack->environment,
                      .process = group.process,
                      .number = instance.key().number,
                      .launch = instance.launch},
                     options_.default_open_files);
  if (!spec.ok()) return spec.status();
  absl::Status started = launcher_.Start(instance, *std::move(spec));
  if (started.ok()) {
    instance.next_start.reset();
    MarkChanged(instance);
    if (options_.output_watcher != nullptr) {
      options_.output_watcher->Add(instance.key());
    }
  }
  return started;
}

void InstanceManager::OnHeld(Instance& instance) {
  base::FaultPoint("start.held");
  parts_.journal.Put(instance.record);
  parts_.journal.AfterCommit([this, &instance] {
    base::FaultPoint("start.durable");
    launcher_.Release(instance);
    base::FaultPoint("start.released");
  });
}

void InstanceManager::OnRunning(Instance& instance) {
  const bool is_first = !instance.record.last_exit_at.has_value();
  instance.running_since = base::EventLoop::Now();
  instance.record.launch->confirmed = true;
  if (!is_first) ++instance.record.restarts;
  parts_.journal.Put(instance.record);
  AddEvent(is_first ? EventKind::kStarted : EventKind::kRestarted, instance,
           is_first ? "wanted" : std::exchange(instance.restart_cause, ""));
  instance.restart_cause.clear();
  if (instance.record.paused && instance.handle) {
    // Paused instances stay paused, whatever process they have.
    instance.handle->SignalGroup(SIGSTOP).IgnoreError();
  }
  instance.settled = options_.settle_time <= absl::ZeroDuration();
  if (!instance.settled) {
    instance.settle_timer =
        parts_.loop.RunAfter(options_.settle_time, [this, &instance] {
          instance.settled = true;
          actions_may_have_ended_ = true;
        });
  }
  if (instance.leaving) Stop(instance, "not wanted any more");
  MarkChanged(instance);
}

void InstanceManager::Stop(Instance& instance, std::string cause) {
  MarkChanged(instance);
  if (!instance.has_process()) {
    instance.retry.reset();
    if (instance.leaving) Erase(instance);
    return;
  }
  if (instance.stopping || instance.exit) return;
  instance.stop_cause = std::move(cause);
  if (instance.phase == Phase::kSpawning || instance.phase == Phase::kHeld) {
    // It has not run yet, and never will: its child ends at the closed gate.
    launcher_.CloseGate(instance);
    return;
  }
  AddEvent(EventKind::kStopping, instance, instance.stop_cause);
  stopper_.Stop(instance, GroupOf(instance).stop_sequence);
}

void InstanceManager::OnEnded(Instance& instance) {
  base::FaultPoint("stop.ended");
  instance.settled = false;
  instance.settle_timer.reset();
  if (instance.record.launch->confirmed) {
    instance.exit->ran = base::EventLoop::Now() - instance.running_since;
  }
  // Of one that leaves nobody will ask.
  if (!instance.exit->never_ran && !instance.leaving) {
    instance.record.last_output = parts_.logs.LastLine(instance.key());
  }
  stopper_.LeaderEnded(instance, GroupOf(instance).stop_sequence);
  MarkChanged(instance);
}

void InstanceManager::RecordExit(Instance& instance) {
  const ExitReport& exit = *instance.exit;
  if (exit.never_ran) return;
  if (!instance.record.launch->confirmed && !exit.lost &&
      instance.failure.empty()) {
    AddEvent(instance.record.last_exit_at ? EventKind::kRestarted
                                          : EventKind::kStarted,
             instance, "seen only by its end");
  }
  instance.record.last_exit = exit.text;
  instance.record.last_exit_at = exit.at;
  if (!instance.stop_cause.empty()) {
    AddEvent(EventKind::kStopped, instance,
             absl::StrCat(instance.stop_cause, "; ", exit.text));
  } else if (!instance.failure.empty()) {
    AddEvent(EventKind::kStartFailed, instance, instance.failure);
  } else {
    AddEvent(exit.lost ? EventKind::kLost : EventKind::kExited, instance,
             exit.text);
  }
}

// Nothing of its launch is left.
void InstanceManager::OnGone(Instance& instance) {
  RecordExit(instance);
  const bool never_ran = instance.exit->never_ran;
  const bool was_asked_to = !instance.stop_cause.empty();
  const absl::Duration ran = instance.exit->ran;
  instance.record.launch.reset();
  instance.exit.reset();
  instance.stop_cause.clear();
  instance.handle.reset();
  instance.orphan = false;
  instance.phase = Phase::kWaiting;
  parts_.journal.AfterCommit([this, launch = instance.launch] {
    base::FaultPoint("stop.forget");
    launcher_.Forget(launch);
  });
  MarkChanged(instance);
  if (instance.leaving) {
    Erase(instance);
    return;
  }
  parts_.journal.Put(instance.record);
  if (never_ran || was_asked_to) {
    instance.failures = 0;  // It starts again at once.
  } else {
    instance.restart_cause = instance.record.last_exit;
    RetryAfterFailure(instance, ran);
  }
}

// As if it had never been asked for.
void InstanceManager::OnUnstarted(Instance& instance) {
  instance.stop_cause.clear();
  MarkChanged(instance);
  if (instance.leaving) Erase(instance);
}

void InstanceManager::OnStartFailed(Instance& instance,
                                    const absl::Status& why) {
  instance.failure = std::string(why.message());
  instance.stop_cause.clear();
  MarkChanged(instance);
  if (instance.leaving) {
    Erase(instance);
    return;
  }
  AddEvent(EventKind::kStartFailed, instance, instance.failure);
  RetryAfterFailure(instance, absl::ZeroDuration());
}

void InstanceManager::RetryAfterFailure(Instance& instance,
                                        absl::Duration ran) {
  instance.failures = CountFailure(options_.backoff, instance.failures, ran);
  const absl::Duration delay =
      BackoffDelay(options_.backoff, instance.failures, random_);
  instance.next_start = absl::Now() + delay;
  instance.retry = parts_.loop.RunAfter(delay, [this, &instance] {
    instance.retry.reset();
    MarkChanged(instance);
  });
}

void InstanceManager::Erase(Instance& instance) {
  if (options_.output_watcher != nullptr) {
    options_.output_watcher->Remove(instance.key());
  }
  parts_.journal.Remove(instance.key());
  // Its number is free once it is written down that it is gone.
  parts_.journal.AfterCommit([this, key = instance.key()] {
    const GroupKey group_key(key.stack_uid, key.process);
    groups_.at(group_key).instances.erase(key.number);
    to_reconcile_.insert(group_key);
    to_publish_.insert(group_key);
    actions_may_have_ended_ = true;
  });
}

}  // namespace tallyman::stacks
