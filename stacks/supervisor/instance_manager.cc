#include "stacks/supervisor/instance_manager.h"

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
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "platform/base/fault_injection.h"
#include "stacks/model/event.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/supervisor/action_tracker.h"
#include "stacks/supervisor/group.h"
#include "stacks/supervisor/instance.h"
#include "stacks/supervisor/instance_store.h"
#include "stacks/supervisor/journal.h"
#include "stacks/supervisor/launcher.h"
#include "stacks/supervisor/stopper.h"

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
           .notices = [this](const Notice& notice) { Tell(notice); }},
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

InstanceGroup& InstanceManager::GroupOf(const std::string& stack_uid,
                                        const std::string& process) {
  InstanceGroup& group = groups_[{stack_uid, process}];
  group.stack_uid = stack_uid;
  group.process = process;
  return group;
}

InstanceGroup& InstanceManager::GroupOf(const Instance& instance) {
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
  std::set<GroupKey> desired;
  for (const std::shared_ptr<const Stack>& stack : snapshot_->stacks) {
    if (stack->deleting) continue;
    for (const std::shared_ptr<const DesiredProcess>& process :
         stack->processes) {
      const auto here = process->servers.find(options_.server_uid);
      const Desired count =
          here == process->servers.end() ? Desired{} : here->second;
      GroupKey key(stack->uid, process->definition.name);
      if (count.count == 0 && !groups_.contains(key)) continue;
      InstanceGroup& group = GroupOf(key.first, key.second);
      if (group.definition != process || group.desired != count) {
        to_reconcile_.insert(key);
      }
      group.stack = stack;
      group.definition = process;
      group.desired = count;
      group.stop_sequence = process->definition.stop_sequence;
      desired.insert(std::move(key));
    }
  }
  for (auto& [key, group] : groups_) {
    if (desired.contains(key) ||
        (group.definition == nullptr && group.desired.count == 0)) {
      continue;
    }
    group.stack = nullptr;
    group.definition = nullptr;
    group.desired.count = 0;
    to_reconcile_.insert(key);
  }
}

void InstanceManager::Reconcile(InstanceGroup& group) {
  const Plan plan = MakePlan(group);
  const std::string cause =
      group.definition == nullptr
          ? "not in the definition any more"
          : absl::StrCat("scaled to ", group.desired.count);
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
        group.definition != nullptr && IsOutdated(group, *instance)) {
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

void InstanceManager::SetPaused(InstanceGroup& group, bool paused,
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

// --- The round

void InstanceManager::Round() {
  Refresh();
  ApplyPauses();
  if (launcher_.has_room()) to_reconcile_.merge(waiting_for_room_);
  for (const GroupKey& key : std::exchange(to_reconcile_, {})) {
    const auto group = groups_.find(key);
    if (group == groups_.end()) continue;
    Reconcile(group->second);
    if (group->second.instances.empty() && group->second.desired.count == 0) {
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
    RetryLater("instances_not_written", committed);
  }
}

void InstanceManager::RetryLater(std::string_view event,
                                 const absl::Status& why) {
  Tell({.severity = Notice::Severity::kError,
        .event = event,
        .what = why.message()});
  commit_retry_ =
      parts_.loop.RunAfter(kCommitRetry, [this] { commit_retry_.reset(); });
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
  base::FaultPoint("action.finish");
  if (absl::Status reported =
          parts_.registry.ReportOutcomes(outcomes, absl::Now());
      !reported.ok()) {
    RetryLater("actions_not_written", reported);
    actions_may_have_ended_ = true;
  }
}

// The output of a stack goes with it.
void InstanceManager::RemoveOutput(int64_t action_id) {
  for (const std::shared_ptr<const Action>& action : snapshot_->open) {
    if (action->id != action_id) continue;
    if (absl::Status removed = parts_.logs.RemoveStack(action->stack_uid);
        !removed.ok()) {
      Tell({.severity = Notice::Severity::kError,
            .event = "output_not_removed",
            .what = removed.message()});
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

void InstanceManager::Tell(const Notice& notice) const {
  if (options_.notices) options_.notices(notice);
}

}  // namespace tallyman::stacks
