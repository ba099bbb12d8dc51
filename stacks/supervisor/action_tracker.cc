#include "stacks/supervisor/action_tracker.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "stacks/model/registry.h"
#include "stacks/supervisor/group.h"
#include "stacks/supervisor/instance.h"
#include "stacks/supervisor/signaller.h"

namespace tallyman::stacks {
namespace {

// How far a target has come, with a message for the user.
struct Progress {
  bool reached = false;
  std::string message;
  bool impossible = false;  // It will never be reached.
};

bool IsSettled(const Instance& instance) {
  return instance.runs() && instance.settled;
}

// Why an instance does not run, in words.
std::string Reason(const Instance& instance) {
  std::string reason = absl::StrCat("instance ", instance.key().number);
  if (instance.leaving) {
    absl::StrAppend(&reason, " is still stopping");
  } else if (!instance.failure.empty()) {
    absl::StrAppend(&reason, ": ", instance.failure);
  } else if (!instance.record.last_exit.empty()) {
    absl::StrAppend(&reason, " ", instance.record.last_exit);
    if (!instance.record.last_output.empty()) {
      absl::StrAppend(&reason,
                      ", its last output: ", instance.record.last_output);
    }
  } else {
    absl::StrAppend(&reason, " is still starting");
  }
  return reason;
}

Progress CountProgress(const InstanceGroup& group, int64_t count,
                       int64_t generation) {
  const std::string of_process = absl::StrCat("of ", group.process);
  int64_t good = 0;
  // One that stays says more than one that leaves.
  const Instance* bad = nullptr;
  for (const auto& [number, instance] : group.instances) {
    if (!instance->leaving && IsSettled(*instance) &&
        instance->generation >= generation) {
      ++good;
    } else if (bad == nullptr || (bad->leaving && !instance->leaving)) {
      bad = instance.get();
    }
  }
  if (bad == nullptr && good == count) {
    return {true, count == 1
                      ? absl::StrCat("1 instance ", of_process, " runs")
                      : absl::StrCat(count, " instances ", of_process, " run")};
  }
  return {false,
          absl::StrCat(good, " of ", count, " instances ", of_process, " run",
                       bad == nullptr ? "" : absl::StrCat("; ", Reason(*bad)))};
}

// Of a target that is one instance, which `done` says in words if
// `has_reached(instance)`.
Progress InstanceProgress(
    const InstanceGroup& group, const ActionTarget& target,
    std::string_view done,
    absl::FunctionRef<bool(const Instance&)> has_reached) {
  const std::string name =
      absl::StrCat("instance ", target.instance, " of ", target.process);
  const Instance* const instance = group.FindStaying(target.instance);
  if (instance == nullptr) {
    return {.message = absl::StrCat("there is no ", name, " any more"),
            .impossible = true};
  }
  if (has_reached(*instance)) return {true, absl::StrCat(name, " ", done)};
  return {.message = Reason(*instance)};
}

// Always reached: the reconciler applied the action before this is called, to
// the instances that it concerns.
Progress PauseProgress(const InstanceGroup& group, bool paused) {
  const auto count =
      absl::c_count_if(group.instances, [&](const auto& numbered) {
        const Instance& instance = *numbered.second;
        return !instance.leaving && instance.record.paused == paused &&
               (paused || instance.runs());
      });
  return {true,
          absl::StrCat(count, count == 1 ? " instance" : " instances", " of ",
                       group.process, paused ? " paused" : " running on")};
}

Progress DeleteProgress(const Groups& groups, const std::string& stack_uid) {
  int64_t left = 0;
  // Groups are sorted by stack first.
  for (auto it = groups.lower_bound({stack_uid, ""});
       it != groups.end() && it->first.first == stack_uid; ++it) {
    left += static_cast<int64_t>(it->second.instances.size());
  }
  return {left == 0,
          left == 0 ? "removed" : absl::StrCat(left, " instances are left")};
}

// True if the action waits for a stop sequence of the group.
bool HasToStop(const Action& action, const InstanceGroup& group) {
  return action.kind != ActionKind::kProcessScale ||
         absl::c_any_of(group.instances, [](const auto& numbered) {
           return numbered.second->leaving || numbered.second->stopping;
         });
}

Progress SignalProgress(const Action& action, const ActionTarget& target,
                        const SignalResults& signals) {
  const auto found = signals.find({action.id, target.process});
  if (found == signals.end()) return {.message = "the signal was not sent"};
  const SignalResult& result = found->second;
  return {.reached = result.success,
          .message = result.message,
          .impossible = !result.success};
}

Progress TargetProgress(const Action& action, const ActionTarget& target,
                        const Groups& groups, const SignalResults& signals) {
  if (action.kind == ActionKind::kStackDelete) {
    return DeleteProgress(groups, action.stack_uid);
  }
  const auto found = groups.find({action.stack_uid, target.process});
  static const InstanceGroup* const kNone = new InstanceGroup();
  const InstanceGroup& group = found == groups.end() ? *kNone : found->second;
  const auto pause_progress = [&](bool paused) {
    if (target.instance == 0) return PauseProgress(group, paused);
    return InstanceProgress(group, target,
                            paused ? "is paused" : "is not paused",
                            [&](const Instance& instance) {
                              return instance.record.paused == paused;
                            });
  };
  switch (action.kind) {
    case ActionKind::kProcessPause:
      return pause_progress(true);
    case ActionKind::kProcessResume:
      return pause_progress(false);
    case ActionKind::kProcessSignal:
      return SignalProgress(action, target, signals);
    case ActionKind::kProcessScale:
      if (found == groups.end()) {
        return {target.count == 0,
                absl::StrCat("0 instances of ", target.process, " run")};
      }
      return CountProgress(group, target.count, 0);
    default:
      if (target.instance != 0) {
        return InstanceProgress(
            group, target, "runs", [&](const Instance& instance) {
              return IsSettled(instance) &&
                     instance.generation >= target.generation;
            });
      }
      if (found == groups.end()) {
        return {true, absl::StrCat("0 instances of ", target.process, " run")};
      }
      return CountProgress(group, group.desired.count, target.generation);
  }
}

}  // namespace

std::vector<TargetOutcome> ActionTracker::Evaluate(
    const RegistrySnapshot& snapshot, const Groups& groups,
    const SignalResults& signals) {
  std::vector<TargetOutcome> outcomes;
  std::set<int64_t> still_open;
  const absl::Duration now = base::EventLoop::Now();
  for (const std::shared_ptr<const Action>& action : snapshot.open) {
    still_open.insert(action->id);
    auto open = open_.find(action->id);
    if (open == open_.end()) {
      absl::Duration allowed = options_.deadline;
      for (const ActionTarget& target : action->targets) {
        const auto group = groups.find({action->stack_uid, target.process});
        if (group == groups.end() || !HasToStop(*action, group->second)) {
          continue;
        }
        allowed =
            std::max(allowed, options_.deadline +
                                  group->second.stop_sequence.TotalWait());
      }
      open = open_.try_emplace(action->id).first;
      open->second.deadline = now + allowed;
      open->second.timer = loop_.RunAfter(allowed, on_deadline_);
    }
    for (const ActionTarget& target : action->targets) {
      if (target.server_uid != options_.server_uid || target.success) continue;
      Progress progress = TargetProgress(*action, target, groups, signals);
      // A removal goes on until no instance is left.
      const bool is_late = now >= open->second.deadline &&
                           action->kind != ActionKind::kStackDelete;
      if (!progress.reached && !progress.impossible && !is_late) continue;
      if (!progress.reached && !progress.impossible) {
        progress.message =
            absl::StrCat("not reached in time: ", progress.message);
      }
      outcomes.push_back({.action_id = action->id,
                          .process = target.process,
                          .server_uid = target.server_uid,
                          .success = progress.reached,
                          .message = std::move(progress.message)});
    }
  }
  for (auto it = open_.begin(); it != open_.end();) {
    it = still_open.contains(it->first) ? std::next(it) : open_.erase(it);
  }
  return outcomes;
}

}  // namespace tallyman::stacks
