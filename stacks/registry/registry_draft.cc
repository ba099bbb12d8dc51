// Servers, scaling, commands and removal. Definitions of stacks are in
// registry_draft_stacks.cc, the life of actions in registry_draft_actions.cc.

#include "stacks/registry/registry_draft.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "platform/base/text.h"
#include "stacks/model/registry.h"
#include "stacks/model/signal_table.h"

namespace tallyman::stacks {
namespace {

bool IsRestart(ActionKind kind) {
  return kind == ActionKind::kProcessRestart || kind == ActionKind::kRestart;
}

// "restart ", "pause ", "resume " or "signal HUP to ".
std::string Verb(const ProcessCommand& command) {
  switch (command.kind) {
    case ActionKind::kProcessPause:
      return "pause ";
    case ActionKind::kProcessResume:
      return "resume ";
    case ActionKind::kProcessSignal:
      return absl::StrCat("signal ", command.signal, " to ");
    default:
      return "restart ";
  }
}

absl::Status CheckSignal(const ProcessCommand& command) {
  const bool takes_one = command.kind == ActionKind::kProcessSignal;
  if (takes_one == IsProgramSignal(command.signal)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      takes_one
          ? absl::StrCat("signal: unknown signal ", base::Quote(command.signal),
                         "; signals are ", absl::StrJoin(kProgramSignals, ", "))
          : absl::StrCat("signal: ", ActionKindName(command.kind),
                         " takes none"));
}

}  // namespace

RegistryDraft::RegistryDraft(std::shared_ptr<const RegistrySnapshot> base,
                             RegistryIds ids)
    : base_(std::move(base)), next_(*base_), ids_(ids) {
  ++next_.revision;
}

RegistryChange RegistryDraft::Finish() && {
  RegistryChange change = {
      .base = base_, .events = std::move(events_), .ids = ids_};
  if (!changed_ && actions_.empty()) {
    change.next = base_;
    return change;
  }
  std::erase_if(next_.open, [&](const std::shared_ptr<const Action>& action) {
    return actions_.contains(action->id);
  });
  change.actions.reserve(actions_.size());
  for (const auto& [id, action] : actions_) {
    change.actions.push_back(action);
    if (!action->finished_at.has_value()) next_.open.push_back(action);
  }
  std::sort(next_.open.begin(), next_.open.end(),
            [](const auto& a, const auto& b) { return a->id < b->id; });
  change.next = std::make_shared<const RegistrySnapshot>(std::move(next_));
  return change;
}

absl::Status RegistryDraft::PutServer(const Server& server) {
  if (server.uid.empty() || server.name.empty()) {
    return absl::InvalidArgumentError("a server has to have a uid and a name");
  }
  auto put = std::make_shared<Server>(server);
  for (const auto& other : base_->servers) {
    if (other->uid != server.uid && other->name == server.name) {
      return absl::AlreadyExistsError(absl::StrCat(
          "there is another server with the name ", base::Quote(server.name),
          ": ", base::Quote(other->uid)));
    }
    if (other->uid != server.uid) continue;
    if (other->name == server.name && other->address == server.address) {
      return absl::OkStatus();
    }
    put->created_at = other->created_at;
  }
  std::erase_if(next_.servers,
                [&](const auto& other) { return other->uid == server.uid; });
  const auto position = std::upper_bound(
      next_.servers.begin(), next_.servers.end(), put,
      [](const auto& a, const auto& b) { return a->name < b->name; });
  next_.servers.insert(position, std::move(put));
  changed_ = true;
  return absl::OkStatus();
}

absl::StatusOr<RegistryDraft::StackPointer> RegistryDraft::FindUsableStack(
    std::string_view uid) const {
  for (const StackPointer& stack : base_->stacks) {
    if (stack->uid != uid) continue;
    if (!stack->deleting) return stack;
    return absl::FailedPreconditionError(absl::StrCat(
        "the stack ", base::Quote(stack->name), " is being removed"));
  }
  return absl::NotFoundError(
      absl::StrCat("there is no stack ", base::Quote(uid)));
}

absl::Status RegistryDraft::CheckServer(std::string_view key,
                                        std::string_view uid) const {
  if (base_->FindServer(uid) != nullptr) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat(key, ": there is no server ", base::Quote(uid)));
}

absl::Status RegistryDraft::CheckProcess(const Stack& stack,
                                         std::string_view process) const {
  if (stack.Find(process) != nullptr) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat(
      "process_name: the stack ", base::Quote(stack.name), " has no process ",
      base::Quote(process), "; it has ",
      absl::StrJoin(stack.processes, ", ",
                    [](std::string* out, const ProcessPointer& known) {
                      out->append(known->definition.name);
                    })));
}

absl::Status RegistryDraft::CheckCounts(const DesiredProcess& process,
                                        const ScaleCommand& command) const {
  if (command.counts.empty()) {
    return absl::InvalidArgumentError("server_count: no server is named");
  }
  const int64_t max = process.definition.max_instances;
  for (auto it = command.counts.begin(); it != command.counts.end(); ++it) {
    // Not a structured binding: lambdas cannot capture one in clang before 16.
    const std::string& server_uid = it->first;
    const int64_t count = it->second;
    if (absl::Status status = CheckServer("server_count", server_uid);
        !status.ok()) {
      return status;
    }
    if (std::any_of(command.counts.begin(), it, [&](const auto& other) {
          return other.first == server_uid;
        })) {
      return absl::InvalidArgumentError(
          absl::StrCat("server_count: the server ", base::Quote(server_uid),
                       " is there twice"));
    }
    if (count < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("server_count: ", count, " is less than 0"));
    }
    if (count > max) {
      return absl::InvalidArgumentError(
          absl::StrCat("server_count: ", count, " is more than max_instances (",
                       max, ") of ", base::Quote(process.definition.name)));
    }
  }
  if (command.expected_revision.value_or(process.revision) !=
      process.revision) {
    return absl::AbortedError(
        absl::StrCat("the process ", base::Quote(process.definition.name),
                     " has changed: its revision is ", process.revision,
                     " and not ", *command.expected_revision));
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> RegistryDraft::Scale(const ScaleCommand& command,
                                             const Origin& origin) {
  absl::StatusOr<StackPointer> stack = FindUsableStack(command.stack_uid);
  if (!stack.ok()) return stack.status();
  if (absl::Status status = CheckProcess(**stack, command.process);
      !status.ok()) {
    return status;
  }
  const DesiredProcess& process = *(*stack)->Find(command.process);
  if (absl::Status status = CheckCounts(process, command); !status.ok()) {
    return status;
  }

  auto changed = std::make_shared<DesiredProcess>(process);
  changed->revision = next_.revision;
  bool differs = false;
  std::string summary = absl::StrCat("scale ", command.process, " to");
  std::vector<ActionTarget> targets;
  targets.reserve(command.counts.size());
  for (const auto& [server_uid, count] : command.counts) {
    absl::StrAppend(&summary, targets.empty() ? " " : ", ", count, " on ",
                    base_->ServerName(server_uid));
    targets.push_back(
        {.process = command.process, .server_uid = server_uid, .count = count});
    // A server without an entry has a desired count of 0.
    const auto found = changed->servers.find(server_uid);
    const int64_t before =
        found == changed->servers.end() ? 0 : found->second.count;
    if (before == count) continue;
    changed->servers[server_uid].count = count;
    differs = true;
  }
  if (differs) {
    auto next = std::make_shared<Stack>(**stack);
    for (ProcessPointer& pointer : next->processes) {
      if (pointer->definition.name == command.process) pointer = changed;
    }
    PutStack(std::move(next));
  }
  const int64_t id = OpenAction(ActionKind::kProcessScale, **stack,
                                std::move(targets), origin, std::move(summary));
  Supersede(id,
            [](ActionKind kind) { return kind == ActionKind::kProcessScale; });
  return id;
}

absl::StatusOr<int64_t> RegistryDraft::Run(const ProcessCommand& command,
                                           const Origin& origin) {
  const ActionKind kind = command.kind;
  if (kind == ActionKind::kProcessScale || kind == ActionKind::kStackDelete) {
    return absl::InvalidArgumentError(
        absl::StrCat(ActionKindName(kind), " is not a command"));
  }
  if (absl::Status status = CheckSignal(command); !status.ok()) return status;
  absl::StatusOr<StackPointer> stack = FindUsableStack(command.stack_uid);
  if (!stack.ok()) return stack.status();
  std::string summary = Verb(command);
  if (command.instance != 0) {
    absl::StrAppend(&summary, "instance ", command.instance, " of ");
  }
  if (command.process.empty()) {
    absl::StrAppend(&summary, "all processes");
  } else if (absl::Status status = CheckProcess(**stack, command.process);
             !status.ok()) {
    return status;
  } else {
    absl::StrAppend(&summary, command.process);
  }
  if (!command.server_uid.empty()) {
    if (absl::Status status = CheckServer("server_uid", command.server_uid);
        !status.ok()) {
      return status;
    }
    absl::StrAppend(&summary, " on ", base_->ServerName(command.server_uid));
  }

  std::vector<ActionTarget> targets;
  for (const ProcessPointer& process : (*stack)->processes) {
    const std::string& name = process->definition.name;
    if (!command.process.empty() && name != command.process) continue;
    for (const auto& [server_uid, desired] : process->servers) {
      if (desired.count == 0) continue;
      if (!command.server_uid.empty() && server_uid != command.server_uid) {
        continue;
      }
      targets.push_back({.process = name,
                         .server_uid = server_uid,
                         .instance = command.instance});
    }
  }
  if (command.instance != 0) {
    if (absl::Status status = CheckInstance(command, targets); !status.ok()) {
      return status;
    }
    // The desired generation of one instance is that of its open action.
    if (IsRestart(kind)) targets[0].generation = next_.revision;
  } else if (IsRestart(kind)) {
    RaiseGenerations(*stack, targets);
  }
  const int64_t id = OpenAction(kind, **stack, std::move(targets), origin,
                                std::move(summary), command.signal);
  // Pause and resume undo each other.
  if (kind == ActionKind::kProcessPause) {
    Supersede(id, [](ActionKind other) {
      return other == ActionKind::kProcessResume;
    });
  } else if (kind == ActionKind::kProcessResume) {
    Supersede(id, [](ActionKind other) {
      return other == ActionKind::kProcessPause;
    });
  }
  return id;
}

absl::Status RegistryDraft::CheckInstance(
    const ProcessCommand& command,
    const std::vector<ActionTarget>& targets) const {
  if (command.instance < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("instance: ", command.instance, " is less than 1"));
  }
  if (command.process.empty()) {
    return absl::InvalidArgumentError(
        "process_name: is missing; instance is the number of one of its "
        "instances");
  }
  if (targets.empty()) {
    return absl::NotFoundError(absl::StrCat(
        "instance: the process ", base::Quote(command.process),
        " has no instance ", command.instance, ", since none is wanted",
        command.server_uid.empty()
            ? ""
            : absl::StrCat(" on ", base_->ServerName(command.server_uid))));
  }
  if (targets.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "server_uid: is missing; the process ", base::Quote(command.process),
        " has an instance ", command.instance, " on each of the servers ",
        absl::StrJoin(targets, ", ",
                      [](std::string* out, const ActionTarget& target) {
                        out->append(target.server_uid);
                      })));
  }
  const auto present = command.present_instances.find(targets[0].server_uid);
  if (present == command.present_instances.end() ||
      std::find(present->second.begin(), present->second.end(),
                command.instance) != present->second.end()) {
    return absl::OkStatus();
  }
  return absl::NotFoundError(absl::StrCat(
      "instance: the process ", base::Quote(command.process),
      " has no instance ", command.instance, " on ",
      base_->ServerName(targets[0].server_uid), "; it has ",
      present->second.empty() ? "none" : absl::StrJoin(present->second, ", ")));
}

void RegistryDraft::RaiseGenerations(const StackPointer& stack,
                                     std::vector<ActionTarget>& targets) {
  if (targets.empty()) return;
  auto next = std::make_shared<Stack>(*stack);
  for (ProcessPointer& pointer : next->processes) {
    std::shared_ptr<DesiredProcess> changed;
    for (ActionTarget& target : targets) {
      if (target.process != pointer->definition.name) continue;
      if (changed == nullptr) {
        changed = std::make_shared<DesiredProcess>(*pointer);
        changed->revision = next_.revision;
      }
      // A revision is never reused, so the generation is new even for a process
      // that was left out of the stack and came back.
      target.generation = next_.revision;
      changed->servers[target.server_uid].generation = next_.revision;
    }
    if (changed != nullptr) pointer = std::move(changed);
  }
  PutStack(std::move(next));
}

absl::StatusOr<int64_t> RegistryDraft::DeleteStack(std::string_view uid,
                                                   const Origin& origin) {
  const auto found =
      std::find_if(base_->stacks.begin(), base_->stacks.end(),
                   [&](const auto& stack) { return stack->uid == uid; });
  if (found == base_->stacks.end()) {
    return absl::NotFoundError(
        absl::StrCat("there is no stack ", base::Quote(uid)));
  }
  for (const auto& action : base_->open) {
    if (action->stack_uid == uid && action->kind == ActionKind::kStackDelete) {
      return action->id;
    }
  }
  auto deleting = std::make_shared<Stack>(**found);
  deleting->deleting = true;
  deleting->updated_at = origin.now;
  for (ProcessPointer& pointer : deleting->processes) {
    if (pointer->servers.empty()) continue;
    auto cleared = std::make_shared<DesiredProcess>(*pointer);
    cleared->servers.clear();
    cleared->revision = next_.revision;
    pointer = std::move(cleared);
  }
  std::vector<ActionTarget> targets;
  targets.reserve(base_->servers.size());
  for (const auto& server : base_->servers) {
    targets.push_back({.server_uid = server->uid});
  }
  PutStack(deleting);
  const bool has_ended = targets.empty();
  const int64_t id =
      OpenAction(ActionKind::kStackDelete, *deleting, std::move(targets),
                 origin, absl::StrCat("delete ", base::Quote(deleting->name)));
  EndTargets(uid, absl::StrCat("superseded by action ", id), origin.now,
             [](const Action&, const ActionTarget&) { return true; });
  if (has_ended) RemoveStack(*actions_[id], origin.now);
  return id;
}

}  // namespace tallyman::stacks
