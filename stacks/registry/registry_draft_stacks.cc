// Definitions of stacks: creating, replacing and removing them.

#include <algorithm>
#include <cstddef>
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
#include "absl/time/time.h"
#include "platform/base/text.h"
#include "platform/base/uid.h"
#include "stacks/model/definition.h"
#include "stacks/model/event.h"
#include "stacks/model/registry.h"
#include "stacks/registry/registry_draft.h"

namespace tallyman::stacks {
namespace {

// "shop" in "production"
std::string Describe(std::string_view name, std::string_view environment) {
  if (environment.empty()) return base::Quote(name);
  return absl::StrCat(base::Quote(name), " in ", base::Quote(environment));
}

// "changed: web, clock; added: worker; removed: mailer".
std::string DescribeDifference(const Stack& old, const Stack& next) {
  std::vector<std::string_view> changed;
  std::vector<std::string_view> added;
  std::vector<std::string_view> removed;
  for (const auto& process : next.processes) {
    const DesiredProcess* before = old.Find(process->definition.name);
    if (before == nullptr) {
      added.push_back(process->definition.name);
    } else if (before != process.get()) {
      changed.push_back(process->definition.name);
    }
  }
  for (const auto& process : old.processes) {
    if (next.Find(process->definition.name) == nullptr) {
      removed.push_back(process->definition.name);
    }
  }
  std::vector<std::string> parts;
  if (old.name != next.name || old.environment != next.environment) {
    parts.push_back(
        absl::StrCat("now ", Describe(next.name, next.environment)));
  }
  for (const auto& [what, names] :
       {std::pair("changed", &changed), std::pair("added", &added),
        std::pair("removed", &removed)}) {
    if (names->empty()) continue;
    parts.push_back(absl::StrCat(what, ": ", absl::StrJoin(*names, ", ")));
  }
  return parts.empty() ? "in another order" : absl::StrJoin(parts, "; ");
}

}  // namespace

absl::Status RegistryDraft::CheckNameIsFree(const StackDefinition& definition,
                                            int64_t except_id) const {
  for (const StackPointer& other : base_->stacks) {
    if (other->id == except_id || other->name != definition.name ||
        other->environment != definition.environment) {
      continue;
    }
    return absl::AlreadyExistsError(absl::StrCat(
        "there is a stack ", Describe(other->name, other->environment),
        " already: ", base::Quote(other->uid),
        other->deleting ? "; it is being removed" : ""));
  }
  return absl::OkStatus();
}

absl::Status RegistryDraft::CheckProcesses(const StackDefinition& definition,
                                           const Stack* old,
                                           std::string_view server_uid) const {
  for (const ProcessDefinition& process : definition.processes) {
    const DesiredProcess* before =
        old == nullptr ? nullptr : old->Find(process.name);
    if (before == nullptr) {
      if (process.instances == 0) continue;
      if (absl::Status status = CheckServer("server_uid", server_uid);
          !status.ok()) {
        return status;
      }
      continue;
    }
    for (const auto& [desired_uid, desired] : before->servers) {
      if (desired.count <= process.max_instances) continue;
      return absl::InvalidArgumentError(absl::StrCat(
          "process ", base::Quote(process.name), ": max_instances (",
          process.max_instances, ") is less than the ", desired.count,
          " that are wanted on ", base_->ServerName(desired_uid),
          "; scale it down first"));
    }
  }
  return absl::OkStatus();
}

RegistryDraft::ProcessPointer RegistryDraft::NewProcess(
    const ProcessDefinition& definition, std::string_view server_uid) const {
  auto process = std::make_shared<DesiredProcess>(
      DesiredProcess{.definition = definition,
                     .md5 = Md5Hex(definition.command),
                     .launch_hash = definition.LaunchHash(),
                     .revision = next_.revision});
  if (definition.instances > 0) {
    process->servers[std::string(server_uid)].count = definition.instances;
  }
  return process;
}

RegistryDraft::ProcessPointer RegistryDraft::ChangedProcess(
    const DesiredProcess& old, const ProcessDefinition& definition) const {
  return std::make_shared<DesiredProcess>(
      DesiredProcess{.definition = definition,
                     .md5 = Md5Hex(definition.command),
                     .launch_hash = definition.LaunchHash(),
                     .revision = next_.revision,
                     .servers = old.servers});
}

void RegistryDraft::OpenFirstScale(const Stack& stack,
                                   const DesiredProcess& process,
                                   const Origin& origin) {
  const std::string& name = process.definition.name;
  for (const auto& [server_uid, desired] : process.servers) {
    OpenAction(
        ActionKind::kProcessScale, stack,
        {{.process = name, .server_uid = server_uid, .count = desired.count}},
        origin,
        absl::StrCat("scale ", name, " to ", desired.count, " on ",
                     base_->ServerName(server_uid)));
  }
}

absl::StatusOr<std::string> RegistryDraft::CreateStack(
    const StackDefinition& definition, std::string_view server_uid,
    const Origin& origin) {
  for (const absl::Status& status :
       {Validate(definition), CheckNameIsFree(definition, 0),
        CheckProcesses(definition, nullptr, server_uid)}) {
    if (!status.ok()) return status;
  }
  auto stack =
      std::make_shared<Stack>(Stack{.id = ++ids_.stack,
                                    .uid = base::NewUid(),
                                    .name = definition.name,
                                    .environment = definition.environment,
                                    .created_at = origin.now,
                                    .updated_at = origin.now});
  stack->processes.reserve(definition.processes.size());
  for (const ProcessDefinition& process : definition.processes) {
    stack->processes.push_back(NewProcess(process, server_uid));
  }
  PutStack(stack);
  AddEvent({.time = origin.now,
            .kind = EventKind::kStackCreated,
            .stack_uid = stack->uid,
            .cause = Describe(stack->name, stack->environment),
            .user = origin.user});
  for (const ProcessPointer& process : stack->processes) {
    OpenFirstScale(*stack, *process, origin);
  }
  return stack->uid;
}

absl::Status RegistryDraft::ReplaceStack(std::string_view uid,
                                         const StackDefinition& definition,
                                         std::string_view server_uid,
                                         const Origin& origin) {
  absl::StatusOr<StackPointer> found = FindUsableStack(uid);
  if (!found.ok()) return found.status();
  const Stack& old = **found;
  for (const absl::Status& status :
       {Validate(definition), CheckNameIsFree(definition, old.id),
        CheckProcesses(definition, &old, server_uid)}) {
    if (!status.ok()) return status;
  }

  auto next = std::make_shared<Stack>(old);
  next->name = definition.name;
  next->environment = definition.environment;
  next->updated_at = origin.now;
  next->processes.clear();
  next->processes.reserve(definition.processes.size());
  for (const ProcessDefinition& process : definition.processes) {
    const auto before = std::find_if(
        old.processes.begin(), old.processes.end(), [&](const auto& other) {
          return other->definition.name == process.name;
        });
    if (before == old.processes.end()) {
      next->processes.push_back(NewProcess(process, server_uid));
    } else if ((*before)->definition == process) {
      next->processes.push_back(*before);
    } else {
      next->processes.push_back(ChangedProcess(**before, process));
    }
  }
  if (next->name == old.name && next->environment == old.environment &&
      next->processes == old.processes) {
    return absl::OkStatus();
  }

  PutStack(next);
  AddEvent({.time = origin.now,
            .kind = EventKind::kStackReplaced,
            .stack_uid = next->uid,
            .cause = DescribeDifference(old, *next),
            .user = origin.user});
  EndTargets(next->uid, "the process was removed from the stack", origin.now,
             [&](const Action&, const ActionTarget& target) {
               return next->Find(target.process) == nullptr;
             });
  for (const ProcessPointer& process : next->processes) {
    if (old.Find(process->definition.name) != nullptr) continue;
    OpenFirstScale(*next, *process, origin);
  }
  return absl::OkStatus();
}

void RegistryDraft::PutStack(StackPointer stack) {
  changed_ = true;
  for (StackPointer& present : next_.stacks) {
    if (present->id != stack->id) continue;
    present = std::move(stack);
    return;
  }
  // A new stack has the greatest id, and the list is by id.
  next_.stacks.push_back(std::move(stack));
}

void RegistryDraft::RemoveStack(const Action& action, absl::Time now) {
  changed_ = true;
  for (const StackPointer& stack : next_.stacks) {
    if (stack->uid != action.stack_uid) continue;
    AddEvent({.time = now,
              .kind = EventKind::kStackDeleted,
              .stack_uid = stack->uid,
              .cause = Describe(stack->name, stack->environment),
              .action_id = action.id,
              .user = action.user});
  }
  std::erase_if(next_.stacks, [&](const StackPointer& stack) {
    return stack->uid == action.stack_uid;
  });
}

}  // namespace tallyman::stacks
