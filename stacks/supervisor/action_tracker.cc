#include "stacks/supervisor/action_tracker.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "stacks/model/registry.h"
#include "stacks/supervisor/group.h"
#include "stacks/supervisor/instance.h"

namespace tallyman::stacks {
namespace {

// How far a target has come, with a message for the user.
struct Progress {
  bool reached = false;
  std::string message;
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

Progress TargetProgress(const Action& action, const ActionTarget& target,
                        const Groups& groups) {
  if (action.kind == ActionKind::kStackDelete) {
    return DeleteProgress(groups, action.stack_uid);
  }
  const auto found = groups.find({action.stack_uid, target.process});
  static const InstanceGroup* const kNone = new InstanceGroup();
  const InstanceGroup& group = found == groups.end() ? *kNone : found->second;
  switch (action.kind) {
    case ActionKind::kProcessPause:
      return PauseProgress(group, true);
    case ActionKind::kProcessResume:
      return PauseProgress(group, false);
    case ActionKind::kProcessScale:
      if (found == groups.end()) {
        return {target.count == 0,
                absl::StrCat("0 instances of ", target.process, " run")};
      }
      return CountProgress(group, target.count, 0);
    default:
      if (found == groups.end()) {
        return {true, absl::StrCat("0 instances of ", target.process, " run")};
      }
      return CountProgress(group, group.desired.count, target.generation);
  }
}

}  // namespace

std::vector<TargetOutcome> ActionTracker::Evaluate(
    const RegistrySnapshot& snapshot, const Groups& groups) {
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
      Progress progress = TargetProgress(*action, target, groups);
      // A removal goes on until no instance is left.
      const bool is_late = now >= open->second.deadline &&
                           action->kind != ActionKind::kStackDelete;
      if (!progress.reached && !is_late) continue;
      if (!progress.reached) {
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
