#include "stacks/instance_manager.h"

#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "platform/held_child.h"
#include "stacks/action_tracker.h"
#include "stacks/backoff.h"
#include "stacks/command.h"
#include "stacks/event.h"
#include "stacks/event_loop.h"
#include "stacks/fault_injection.h"
#include "stacks/group.h"
#include "stacks/instance.h"
#include "stacks/instance_store.h"
#include "stacks/journal.h"
#include "stacks/launcher.h"
#include "stacks/registry.h"
#include "stacks/status.h"
#include "stacks/stopper.h"
#include "stacks/uid.h"

namespace tallyman::stacks {
namespace {

// After a commit that failed (a full disk, say).
constexpr absl::Duration kCommitRetry = absl::Seconds(1);

}  // namespace

InstanceManager::InstanceManager(Options options, const Parts& parts)
    : options_(std::move(options)),
      parts_(parts),
      snapshot_(std::make_shared<const RegistrySnapshot>()),
      launcher_(
          {.directory = options_.directory,
           .program = options_.program,
           .boot_id = options_.boot_id,
           .cgroups = options_.cgroups},
          {.held = [this](Instance& i) { OnHeld(i); },
           .running = [this](Instance& i) { OnRunning(i); },
           .ended = [this](Instance& i) { OnEnded(i); },
           .failed = [this](Instance& i,
                            const absl::Status& why) { OnStartFailed(i, why); },
           .unstarted = [this](Instance& i) { OnUnstarted(i); },
           .orphaned =
               [this](Instance& i) {
                 AddEvent(EventKind::kAdopted, i, "its keeper has ended");
               },
           .log = [this](std::string_view event,
                         std::string_view what) { Log(event, what); }},
          parts.loop, parts.logs),
      stopper_(parts.loop, options_.cgroups,
               [this](Instance& i) { OnGone(i); }),
      actions_({.server_uid = options_.server_uid,
                .deadline = options_.action_deadline},
               parts.loop, [this] { actions_may_have_ended_ = true; }),
      status_(std::make_shared<const StatusSnapshot>(
          StatusSnapshot{.server_uid = options_.server_uid})) {}

InstanceManager::~InstanceManager() {
  // What is ready to be written is written; what is at the gate ends.
  if (!parts_.journal.empty()) parts_.journal.Commit().IgnoreError();
}

// --- What is wanted

Group& InstanceManager::GroupOf(const std::string& stack_uid,
                                const std::string& process) {
  Group& group = groups_[{stack_uid, process}];
  group.stack_uid = stack_uid;
  group.process = process;
  return group;
}

Group& InstanceManager::GroupOf(const Instance& instance) {
  return GroupOf(instance.key().stack_uid, instance.key().process);
}

void InstanceManager::MarkChanged(const Instance& instance) {
  const GroupKey key(instance.key().stack_uid, instance.key().process);
  to_reconcile_.insert(key);
  to_publish_.insert(key);
  actions_may_have_ended_ = true;
}

void InstanceManager::Refresh() {
  std::shared_ptr<const RegistrySnapshot> now = parts_.registry.Snapshot();
  if (now->revision == snapshot_->revision) return;
  snapshot_ = std::move(now);
  actions_may_have_ended_ = true;
  std::set<GroupKey> wanted;
  for (const std::shared_ptr<const Stack>& stack : snapshot_->stacks) {
    if (stack->deleting) continue;
    for (const std::shared_ptr<const WantedProcess>& process :
         stack->processes) {
      const auto here = process->servers.find(options_.server_uid);
      const Wanted count =
          here == process->servers.end() ? Wanted{} : here->second;
      GroupKey key(stack->uid, process->definition.name);
      if (count.count == 0 && !groups_.contains(key)) continue;
      Group& group = GroupOf(key.first, key.second);
      if (group.definition != process || group.wanted != count) {
        to_reconcile_.insert(key);
      }
      group.stack = stack;
      group.definition = process;
      group.wanted = count;
      group.stop_sequence = process->definition.stop_sequence;
      wanted.insert(std::move(key));
    }
  }
  for (auto& [key, group] : groups_) {
    if (wanted.contains(key) ||
        (group.definition == nullptr && group.wanted.count == 0)) {
      continue;
    }
    group.stack = nullptr;
    group.definition = nullptr;
    group.wanted.count = 0;
    to_reconcile_.insert(key);
  }
}

void InstanceManager::Reconcile(Group& group) {
  const Plan plan = MakePlan(group);
  const std::string cause =
      group.definition == nullptr
          ? "not in the definition any more"
          : absl::StrCat("scaled to ", group.wanted.count);
  for (Instance* const instance : plan.remove) {
    instance->leaving = true;
    instance->restart_cause.clear();
    Stop(*instance, cause);
  }
  for (Instance* const instance : plan.restart) {
    instance->restart_cause =
        instance->launch_hash != group.definition->launch_hash
            ? "its definition changed"
            : "a restart was asked for";
    Stop(*instance, instance->restart_cause);
  }
  for (const int64_t number : plan.add) Add(group, number);
  for (const auto& [number, instance] : group.instances) {
    // A new definition, or the wish for a restart, is a new chance at once.
    if (!instance->has_process() && instance->retry.active() &&
        group.definition != nullptr &&
        (instance->generation < group.wanted.generation ||
         instance->launch_hash != group.definition->launch_hash)) {
      instance->failures = 0;
      instance->retry.reset();
      instance->next_start.reset();
    }
    StartIfDue(*instance);
  }
}

void InstanceManager::ApplyPauses() {
  std::set<int64_t> open;
  for (const std::shared_ptr<const Action>& action : snapshot_->open) {
    open.insert(action->id);
    const bool paused = action->kind == ActionKind::kProcessPause;
    if (!paused && action->kind != ActionKind::kProcessResume) continue;
    if (!seen_actions_.insert(action->id).second) continue;
    for (const ActionTarget& target : action->targets) {
      if (target.server_uid != options_.server_uid || target.success) continue;
      const auto group = groups_.find({action->stack_uid, target.process});
      if (group != groups_.end()) SetPaused(group->second, paused, *action);
    }
  }
  std::erase_if(seen_actions_, [&](int64_t id) { return !open.contains(id); });
}

void InstanceManager::SetPaused(Group& group, bool paused,
                                const Action& action) {
  for (Instance* const instance : group.Staying()) {
    if (instance->record.paused != paused) {
      instance->record.paused = paused;
      parts_.journal.Put(instance->record);
      AddEvent(paused ? EventKind::kPaused : EventKind::kResumed, *instance,
               absl::StrCat("action ", action.id));
      MarkChanged(*instance);
    }
    // Also where it is written down already: the server that wrote it may have
    // died before it sent the signal. The action ends only after both.
    parts_.journal.AfterCommit([instance] {
      if (instance->runs() && instance->handle) {
        instance->handle
            ->SignalGroup(instance->record.paused ? SIGSTOP : SIGCONT)
            .IgnoreError();
      }
    });
  }
}

// --- One instance

void InstanceManager::Add(Group& group, int64_t number) {
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
  Group& group = GroupOf(instance);
  if (absl::Status started = Start(group, instance); !started.ok()) {
    OnStartFailed(instance, started);
  }
}

absl::Status InstanceManager::Start(Group& group, Instance& instance) {
  instance.failure.clear();
  instance.launch = NewUid();
  instance.launch_hash = group.definition->launch_hash;
  instance.generation = group.wanted.generation;
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
  FaultPoint("start.held");
  parts_.journal.Put(instance.record);
  parts_.journal.AfterCommit([this, &instance] {
    FaultPoint("start.durable");
    launcher_.Release(instance);
    FaultPoint("start.released");
  });
}

void InstanceManager::OnRunning(Instance& instance) {
  const bool is_first = !instance.record.last_exit_at.has_value();
  instance.running_since = EventLoop::Now();
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
  FaultPoint("stop.ended");
  instance.settled = false;
  instance.settle_timer.reset();
  if (instance.record.launch->confirmed) {
    instance.exit->ran = EventLoop::Now() - instance.running_since;
  }
  if (!instance.exit->never_ran) {
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
    FaultPoint("stop.forget");
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

// --- The round

void InstanceManager::Round() {
  Refresh();
  ApplyPauses();
  if (launcher_.has_room()) to_reconcile_.merge(waiting_for_room_);
  for (const GroupKey& key : std::exchange(to_reconcile_, {})) {
    const auto group = groups_.find(key);
    if (group == groups_.end()) continue;
    Reconcile(group->second);
    if (group->second.instances.empty() && group->second.wanted.count == 0) {
      groups_.erase(group);
    }
  }
  stopper_.Round();
  Commit();
  Publish();
  ReportActions();
  // What the commit has brought about comes in the next round.
  if (!to_reconcile_.empty() ||
      (!parts_.journal.empty() && !commit_retry_.active())) {
    parts_.loop.Wake();
  }
}

void InstanceManager::Commit() {
  if (parts_.journal.empty() || commit_retry_.active()) return;
  if (absl::Status committed = parts_.journal.Commit(); !committed.ok()) {
    Log("instances_not_written", committed.message());
    commit_retry_ =
        parts_.loop.RunAfter(kCommitRetry, [this] { commit_retry_.reset(); });
  }
}

void InstanceManager::ReportActions() {
  // Nothing is done before it is written down.
  if (!actions_may_have_ended_ || commit_retry_.active()) return;
  actions_may_have_ended_ = false;
  const std::vector<TargetOutcome> outcomes =
      actions_.Evaluate(*snapshot_, groups_);
  if (outcomes.empty()) return;
  // First, and so perhaps twice: once the stack is gone nobody would know.
  for (const TargetOutcome& outcome : outcomes) {
    if (outcome.process.empty() && outcome.success) {
      RemoveOutput(outcome.action_id);
    }
  }
  FaultPoint("action.finish");
  if (absl::Status reported =
          parts_.registry.ReportOutcomes(outcomes, absl::Now());
      !reported.ok()) {
    Log("actions_not_written", reported.message());
    actions_may_have_ended_ = true;
    commit_retry_ =
        parts_.loop.RunAfter(kCommitRetry, [this] { commit_retry_.reset(); });
  }
}

// The output of a stack goes with it.
void InstanceManager::RemoveOutput(int64_t action_id) {
  for (const std::shared_ptr<const Action>& action : snapshot_->open) {
    if (action->id != action_id) continue;
    if (absl::Status removed = parts_.logs.RemoveStack(action->stack_uid);
        !removed.ok()) {
      Log("output_not_removed", removed.message());
    }
  }
}

void InstanceManager::Publish() {
  if (to_publish_.empty()) return;
  auto next = std::make_shared<StatusSnapshot>(*status_);
  for (const GroupKey& key : std::exchange(to_publish_, {})) {
    const auto group = groups_.find(key);
    if (group == groups_.end() || group->second.instances.empty()) {
      next->processes.erase(key);
    } else {
      next->processes[key] =
          std::make_shared<const ProcessStatus>(MakeStatus(group->second));
    }
  }
  status_ = next;
  options_.publish(status_);
}

void InstanceManager::AddEvent(EventKind kind, const Instance& instance,
                               std::string cause) {
  const std::optional<LaunchRecord>& launch = instance.record.launch;
  parts_.journal.Add({.time = absl::Now(),
                      .kind = kind,
                      .stack_uid = instance.key().stack_uid,
                      .process = instance.key().process,
                      .server_uid = options_.server_uid,
                      .instance = instance.key().number,
                      .pid = launch ? launch->identity.pid : 0,
                      .launch = launch ? launch->launch : "",
                      .cause = std::move(cause)});
}

void InstanceManager::Log(std::string_view event, std::string_view what) const {
  if (options_.log) options_.log(event, what);
}

}  // namespace tallyman::stacks
