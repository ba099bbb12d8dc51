#include "stacks/supervisor/instance_lifecycle.h"

#include <csignal>
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
#include "stacks/model/status.h"
#include "stacks/supervisor/backoff.h"
#include "stacks/supervisor/command.h"
#include "stacks/supervisor/group.h"
#include "stacks/supervisor/instance.h"
#include "stacks/supervisor/instance_store.h"
#include "stacks/supervisor/instance_table.h"

namespace tallyman::stacks {

// --- Starting

bool InstanceLifecycle::StartIfDue(Instance& instance) {
  if (instance.has_process() || instance.leaving || instance.retry.active()) {
    return true;
  }
  if (!parts_.launcher.connected()) parts_.launcher.Connect();
  if (!parts_.launcher.has_room()) return false;
  if (absl::Status started = Start(instance); !started.ok()) {
    OnStartFailed(instance, started);
  }
  return true;
}

absl::Status InstanceLifecycle::Start(Instance& instance) {
  const InstanceGroup& group = parts_.table.GroupOf(instance);
  instance.failure.clear();
  instance.launch = base::NewUid();
  instance.launch_hash = group.definition->launch_hash;
  instance.generation = group.DesiredGeneration(instance.key().number);
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
  absl::Status started = parts_.launcher.Start(instance, *std::move(spec));
  if (started.ok()) {
    instance.next_start.reset();
    parts_.table.MarkChanged(instance.key());
    if (options_.output_watcher != nullptr) {
      options_.output_watcher->Add(instance.key());
    }
  }
  return started;
}

void InstanceLifecycle::OnHeld(Instance& instance) {
  base::FaultPoint("start.held");
  parts_.journal.Put(instance.record);
  parts_.journal.AfterCommit([this, &instance] {
    base::FaultPoint("start.durable");
    parts_.launcher.Release(instance);
    base::FaultPoint("start.released");
  });
}

void InstanceLifecycle::OnRunning(Instance& instance) {
  const bool is_first = !instance.record.last_exit_at.has_value();
  instance.running_since = base::EventLoop::Now();
  instance.record.launch->confirmed = true;
  if (!is_first) ++instance.record.restarts;
  parts_.journal.Put(instance.record);
  AddEvent(is_first ? EventKind::kStarted : EventKind::kRestarted, instance,
           is_first ? "wanted" : instance.restart_cause);
  instance.restart_cause.clear();
  if (instance.record.paused && instance.handle) {
    instance.handle->SignalGroup(SIGSTOP).IgnoreError();
  }
  instance.settled = options_.settle_time <= absl::ZeroDuration();
  if (!instance.settled) {
    instance.settle_timer =
        parts_.loop.RunAfter(options_.settle_time, [this, &instance] {
          instance.settled = true;
          parts_.table.MarkActionsChanged();
        });
  }
  if (instance.leaving) Stop(instance, "not wanted any more");
  parts_.table.MarkChanged(instance.key());
}

// The keeper ended before it answered, so nothing was started.
void InstanceLifecycle::OnUnstarted(Instance& instance) {
  instance.stop_cause.clear();
  parts_.table.MarkChanged(instance.key());
  if (instance.leaving) Erase(instance);
}

void InstanceLifecycle::OnStartFailed(Instance& instance,
                                      const absl::Status& why) {
  instance.failure = std::string(why.message());
  instance.stop_cause.clear();
  parts_.table.MarkChanged(instance.key());
  if (instance.leaving) {
    Erase(instance);
    return;
  }
  AddEvent(EventKind::kStartFailed, instance, instance.failure);
  RetryAfterFailure(instance, absl::ZeroDuration());
}

void InstanceLifecycle::RetryAfterFailure(Instance& instance,
                                          absl::Duration ran) {
  instance.failures = CountFailure(options_.backoff, instance.failures, ran);
  if (instance.failures == kCrashLoop) {
    AddEvent(EventKind::kCrashLooping, instance,
             absl::StrCat("failed ", kCrashLoop, " times in a row"));
  }
  const absl::Duration delay =
      BackoffDelay(options_.backoff, instance.failures, random_);
  instance.next_start = absl::Now() + delay;  // For the API only.
  instance.retry = parts_.loop.RunAfter(delay, [this, &instance] {
    instance.retry.reset();
    parts_.table.MarkChanged(instance.key());
  });
}

void InstanceLifecycle::SkipBackoff(Instance& instance) {
  instance.failures = 0;
  instance.retry.reset();
  instance.next_start.reset();
}

// --- Pausing

void InstanceLifecycle::SetPaused(Instance& instance, bool paused,
                                  std::string cause) {
  if (instance.record.paused != paused) {
    instance.record.paused = paused;
    parts_.journal.Put(instance.record);
    AddEvent(paused ? EventKind::kPaused : EventKind::kResumed, instance,
             std::move(cause));
    parts_.table.MarkChanged(instance.key());
  }
  parts_.journal.AfterCommit([&instance] {
    if (instance.runs() && instance.handle) {
      instance.handle->SignalGroup(instance.record.paused ? SIGSTOP : SIGCONT)
          .IgnoreError();
    }
  });
}

// --- Stopping

void InstanceLifecycle::Remove(Instance& instance, std::string cause) {
  instance.leaving = true;
  instance.restart_cause.clear();
  Stop(instance, std::move(cause));
}

void InstanceLifecycle::Restart(Instance& instance, std::string cause) {
  instance.restart_cause = cause;
  Stop(instance, std::move(cause));
}

void InstanceLifecycle::Stop(Instance& instance, std::string cause) {
  parts_.table.MarkChanged(instance.key());
  if (!instance.has_process()) {
    instance.retry.reset();
    if (instance.leaving) Erase(instance);
    return;
  }
  if (instance.stopping || instance.exit) return;
  instance.stop_cause = std::move(cause);
  if (instance.phase == Phase::kSpawning || instance.phase == Phase::kHeld) {
    // Its program never runs: the child ends at the closed gate.
    parts_.launcher.CloseGate(instance);
    return;
  }
  AddEvent(EventKind::kStopping, instance, instance.stop_cause);
  parts_.stopper.Stop(instance, parts_.table.GroupOf(instance).stop_sequence);
}

void InstanceLifecycle::OnEnded(Instance& instance) {
  base::FaultPoint("stop.ended");
  instance.settled = false;
  instance.settle_timer.reset();
  if (instance.record.launch->confirmed) {
    instance.exit->ran = base::EventLoop::Now() - instance.running_since;
  }
  // The last output of a leaving instance would never be shown.
  if (!instance.exit->never_ran && !instance.leaving) {
    instance.record.last_output = parts_.logs.LastLine(instance.key());
  }
  parts_.stopper.LeaderEnded(instance,
                             parts_.table.GroupOf(instance).stop_sequence);
  parts_.table.MarkChanged(instance.key());
}

void InstanceLifecycle::RecordExit(Instance& instance) {
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

void InstanceLifecycle::AddEvent(EventKind kind, const Instance& instance,
                                 std::string cause) {
  LifeCounts& counts = parts_.table.GroupOf(instance).counts;
  switch (kind) {
    case EventKind::kRestarted:
      ++counts.restarts;
      break;
    case EventKind::kExited:
    case EventKind::kLost:
      ++counts.exits;
      break;
    case EventKind::kStartFailed:
      ++counts.start_failures;
      break;
    default:
      break;
  }
  parts_.journal.AddEvent(kind, instance.record, std::move(cause));
}

// Nothing of the launch is left.
void InstanceLifecycle::OnGone(Instance& instance) {
  RecordExit(instance);
  const bool never_ran = instance.exit->never_ran;
  const bool was_stopped = !instance.stop_cause.empty();
  const absl::Duration ran = instance.exit->ran;
  instance.record.launch.reset();
  instance.exit.reset();
  instance.stop_cause.clear();
  instance.handle.reset();
  instance.orphan = false;
  instance.phase = Phase::kWaiting;
  parts_.journal.AfterCommit([this, launch = instance.launch] {
    base::FaultPoint("stop.forget");
    parts_.launcher.Forget(launch);
  });
  parts_.table.MarkChanged(instance.key());
  if (instance.leaving) {
    Erase(instance);
    return;
  }
  parts_.journal.Put(instance.record);
  if (never_ran || was_stopped) {
    instance.failures = 0;  // The next start is due at once.
  } else {
    instance.restart_cause = instance.record.last_exit;
    RetryAfterFailure(instance, ran);
  }
}

void InstanceLifecycle::Erase(Instance& instance) {
  if (options_.output_watcher != nullptr) {
    options_.output_watcher->Remove(instance.key());
  }
  parts_.journal.Remove(instance.key());
  // Its number is free once the removal is durable.
  parts_.journal.AfterCommit(
      [this, key = instance.key()] { parts_.table.Erase(key); });
}

}  // namespace tallyman::stacks
