// The life of actions: opening, superseding, ending.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "stacks/model/event.h"
#include "stacks/model/registry.h"
#include "stacks/registry/registry_draft.h"

namespace tallyman::stacks {
namespace {

// The messages of the targets that decided the end of the action, without
// repetitions.
std::string JoinMessages(const Action& action) {
  if (action.targets.empty()) return "there was nothing to do";
  std::vector<std::string_view> messages;
  for (const ActionTarget& target : action.targets) {
    if (target.success.value_or(false) != action.finished_success ||
        target.message.empty() ||
        std::find(messages.begin(), messages.end(), target.message) !=
            messages.end()) {
      continue;
    }
    messages.push_back(target.message);
  }
  return absl::StrJoin(messages, "; ");
}

}  // namespace

void RegistryDraft::ReportOutcomes(const std::vector<TargetOutcome>& outcomes,
                                   absl::Time now) {
  for (const TargetOutcome& outcome : outcomes) {
    const auto found = std::lower_bound(
        base_->open.begin(), base_->open.end(), outcome.action_id,
        [](const auto& action, int64_t id) { return action->id < id; });
    if (found == base_->open.end() || (*found)->id != outcome.action_id) {
      continue;
    }
    const Action& action = Current(**found);
    for (size_t i = 0; i < action.targets.size(); ++i) {
      const ActionTarget& target = action.targets[i];
      if (target.success.has_value() || target.process != outcome.process ||
          target.server_uid != outcome.server_uid) {
        continue;
      }
      Action& edited = Edit(**found);
      edited.targets[i].success = outcome.success;
      edited.targets[i].message = outcome.message;
      FinishIfDecided(edited, now);
      if (edited.finished_success && edited.kind == ActionKind::kStackDelete) {
        RemoveStack(edited, now);
      }
      break;
    }
  }
}

const Action& RegistryDraft::Current(const Action& action) const {
  const auto found = actions_.find(action.id);
  return found == actions_.end() ? action : *found->second;
}

Action& RegistryDraft::Edit(const Action& action) {
  std::shared_ptr<Action>& edited = actions_[action.id];
  if (edited == nullptr) edited = std::make_shared<Action>(action);
  return *edited;
}

int64_t RegistryDraft::OpenAction(ActionKind kind, const Stack& stack,
                                  std::vector<ActionTarget> targets,
                                  const Origin& origin, std::string summary,
                                  std::string signal) {
  const int64_t id = ++ids_.action;
  auto action =
      std::make_shared<Action>(Action{.id = id,
                                      .user = origin.user,
                                      .kind = kind,
                                      .stack_uid = stack.uid,
                                      .started_via = origin.started_via,
                                      .signal = std::move(signal),
                                      .started_at = origin.now,
                                      .targets = std::move(targets)});
  AddEvent({.time = origin.now,
            .kind = EventKind::kActionStarted,
            .stack_uid = stack.uid,
            .cause = std::move(summary),
            .action_id = id,
            .user = origin.user});
  FinishIfDecided(*action, origin.now);
  actions_[id] = std::move(action);
  return id;
}

void RegistryDraft::EndTargets(
    std::string_view stack_uid, std::string_view message, absl::Time now,
    absl::FunctionRef<bool(const Action&, const ActionTarget&)> matches) {
  for (const auto& open : base_->open) {
    if (open->stack_uid != stack_uid) continue;
    const size_t targets = open->targets.size();
    for (size_t i = 0; i < targets; ++i) {
      const ActionTarget& target = Current(*open).targets[i];
      if (target.success.has_value() || !matches(*open, target)) continue;
      ActionTarget& ended = Edit(*open).targets[i];
      ended.success = false;
      ended.message = std::string(message);
    }
    const auto edited = actions_.find(open->id);
    if (edited != actions_.end()) FinishIfDecided(*edited->second, now);
  }
}

void RegistryDraft::Supersede(int64_t by,
                              absl::FunctionRef<bool(ActionKind)> kinds) {
  const Action& successor = *actions_[by];
  EndTargets(
      successor.stack_uid, absl::StrCat("superseded by action ", by),
      successor.started_at,
      [&](const Action& action, const ActionTarget& target) {
        if (!kinds(action.kind)) return false;
        return std::any_of(
            successor.targets.begin(), successor.targets.end(),
            [&](const ActionTarget& other) {
              return other.process == target.process &&
                     other.server_uid == target.server_uid &&
                     (other.instance == 0 || other.instance == target.instance);
            });
      });
}

void RegistryDraft::FinishIfDecided(Action& action, absl::Time now) {
  if (action.finished_at.has_value()) return;
  bool success = true;
  for (const ActionTarget& target : action.targets) {
    if (!target.success.has_value()) return;
    success = success && *target.success;
  }
  action.finished_at = now;
  action.finished_success = success;
  action.finished_message = JoinMessages(action);
  AddEvent({.time = now,
            .kind = EventKind::kActionFinished,
            .stack_uid = action.stack_uid,
            .cause = success ? std::string(kActionSucceeded)
                             : action.finished_message,
            .action_id = action.id,
            .user = action.user});
}

}  // namespace tallyman::stacks
