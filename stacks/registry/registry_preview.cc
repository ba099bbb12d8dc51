#include "stacks/registry/registry_preview.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "stacks/model/definition.h"
#include "stacks/model/preview.h"
#include "stacks/model/registry.h"
#include "stacks/registry/registry_draft.h"

namespace tallyman::stacks {
namespace {

// Ids that no stack and no action has: the draft gives the next ones.
constexpr RegistryIds kIds = {.stack = int64_t{1} << 62,
                              .action = int64_t{1} << 62};

std::vector<std::string_view> DifferentFields(const ProcessDefinition& a,
                                              const ProcessDefinition& b) {
  const std::pair<std::string_view, bool> all[] = {
      {"command", a.command != b.command},
      {"directory", a.directory != b.directory},
      {"env", a.env != b.env},
      {"user", a.user != b.user},
      {"stop_sequence", a.stop_sequence != b.stop_sequence},
      {"max_instances", a.max_instances != b.max_instances},
      {"cpu", a.cpu != b.cpu},
      {"memory", a.memory != b.memory},
      {"nofile", a.nofile != b.nofile},
      {"instances", a.instances != b.instances}};
  std::vector<std::string_view> fields;
  for (const auto& [name, differs] : all) {
    if (differs) fields.push_back(name);
  }
  return fields;
}

int64_t CountOn(const DesiredProcess* process, std::string_view server_uid) {
  if (process == nullptr) return 0;
  const auto found = process->servers.find(server_uid);
  return found == process->servers.end() ? 0 : found->second.count;
}

// `before` is null for a new process, `after` for one that is left out. Has the
// `named` servers even if nothing changes there.
ProcessPreview PreviewProcess(const DesiredProcess* before,
                              const DesiredProcess* after,
                              const std::set<std::string>& named) {
  ProcessPreview preview = {
      .name = (after == nullptr ? before : after)->definition.name};
  bool restarts = false;
  if (before == nullptr) {
    preview.change = ProcessChange::kAdded;
  } else if (after == nullptr) {
    preview.change = ProcessChange::kRemoved;
  } else {
    preview.fields = DifferentFields(before->definition, after->definition);
    if (!preview.fields.empty()) preview.change = ProcessChange::kChanged;
    restarts = before->launch_hash != after->launch_hash;
  }
  std::set<std::string> servers = named;
  for (const DesiredProcess* const process : {before, after}) {
    if (process == nullptr) continue;
    for (const auto& [uid, desired] : process->servers) servers.insert(uid);
  }
  for (const std::string& uid : servers) {
    ServerPreview server = {.server_uid = uid,
                            .desired_before = CountOn(before, uid),
                            .desired = CountOn(after, uid)};
    server.start = std::max<int64_t>(0, server.desired - server.desired_before);
    server.stop = std::max<int64_t>(0, server.desired_before - server.desired);
    if (restarts) {
      server.restart = std::min(server.desired, server.desired_before);
    }
    if (server.start + server.stop + server.restart > 0 ||
        named.contains(uid)) {
      preview.servers.push_back(std::move(server));
    }
  }
  return preview;
}

bool Matters(const ProcessPreview& process) {
  return process.change != ProcessChange::kNone || !process.servers.empty();
}

const DesiredProcess* FindIn(const Stack* stack, std::string_view process) {
  return stack == nullptr ? nullptr : stack->Find(process);
}

// `before` may be null. `scale` is null for other changes.
Preview MakePreview(const Stack* before, std::shared_ptr<const Stack> after,
                    const ScaleCommand* scale, const RegistryChange& change) {
  Preview preview = {.stack = std::move(after)};
  const Stack* const next =
      preview.stack->deleting ? nullptr : preview.stack.get();
  if (before != nullptr && before->deleting) before = nullptr;
  if (before != nullptr && next != nullptr) {
    if (before->name != next->name) preview.fields.push_back("name");
    if (before->environment != next->environment) {
      preview.fields.push_back("environment");
    }
  }
  std::set<std::string> named;
  if (scale != nullptr) {
    for (const auto& [uid, count] : scale->counts) named.insert(uid);
  }
  const auto add = [&](const DesiredProcess* old, const DesiredProcess* now) {
    const std::string& name = (now == nullptr ? old : now)->definition.name;
    ProcessPreview process = PreviewProcess(
        old, now,
        scale != nullptr && scale->process == name ? named
                                                   : std::set<std::string>());
    if (Matters(process)) preview.processes.push_back(std::move(process));
  };
  if (next != nullptr) {
    for (const auto& process : next->processes) {
      add(FindIn(before, process->definition.name), process.get());
    }
  }
  if (before != nullptr) {
    for (const auto& process : before->processes) {
      if (FindIn(next, process->definition.name) == nullptr) {
        add(process.get(), nullptr);
      }
    }
  }
  for (const std::shared_ptr<const Action>& action : change.actions) {
    // An action that is open now, and would not be.
    if (action->finished_at && action->id < kIds.action) {
      preview.superseded.push_back(action->id);
    }
  }
  return preview;
}

std::shared_ptr<const Stack> FindStack(const RegistrySnapshot& snapshot,
                                       std::string_view uid) {
  const auto found = absl::c_find_if(
      snapshot.stacks, [&](const auto& stack) { return stack->uid == uid; });
  return found == snapshot.stacks.end() ? nullptr : *found;
}

// The preview of the change that `draft` has made of the stack `uid`.
Preview Finish(const SnapshotPointer& now, RegistryDraft draft,
               std::string_view uid, const ScaleCommand* scale = nullptr) {
  const RegistryChange change = std::move(draft).Finish();
  const std::shared_ptr<const Stack> before = FindStack(*now, uid);
  std::shared_ptr<const Stack> after = FindStack(*change.next, uid);
  if (after == nullptr) {
    // No server has instances of it: it would be gone at once.
    auto gone = std::make_shared<Stack>(*before);
    gone->deleting = true;
    after = std::move(gone);
  }
  return MakePreview(before.get(), std::move(after), scale, change);
}

}  // namespace

absl::StatusOr<Preview> PreviewCreate(const SnapshotPointer& now,
                                      const StackDefinition& definition,
                                      std::string_view server_uid) {
  RegistryDraft draft(now, kIds);
  const absl::StatusOr<std::string> uid =
      draft.CreateStack(definition, server_uid, {});
  if (!uid.ok()) return uid.status();
  Preview preview = Finish(now, std::move(draft), *uid);
  auto unnamed = std::make_shared<Stack>(*preview.stack);
  unnamed->uid.clear();
  preview.stack = std::move(unnamed);
  return preview;
}

absl::StatusOr<Preview> PreviewReplace(const SnapshotPointer& now,
                                       std::string_view uid,
                                       const StackDefinition& definition,
                                       std::string_view server_uid) {
  RegistryDraft draft(now, kIds);
  if (absl::Status replaced =
          draft.ReplaceStack(uid, definition, server_uid, {});
      !replaced.ok()) {
    return replaced;
  }
  return Finish(now, std::move(draft), uid);
}

absl::StatusOr<Preview> PreviewDelete(const SnapshotPointer& now,
                                      std::string_view uid) {
  RegistryDraft draft(now, kIds);
  if (absl::Status status = draft.DeleteStack(uid, {}).status(); !status.ok()) {
    return status;
  }
  return Finish(now, std::move(draft), uid);
}

absl::StatusOr<Preview> PreviewScale(const SnapshotPointer& now,
                                     const ScaleCommand& command) {
  RegistryDraft draft(now, kIds);
  if (absl::Status status = draft.Scale(command, {}).status(); !status.ok()) {
    return status;
  }
  return Finish(now, std::move(draft), command.stack_uid, &command);
}

}  // namespace tallyman::stacks
