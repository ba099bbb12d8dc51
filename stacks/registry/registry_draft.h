// The rules of the registry, without storage: applies a request to a snapshot
// and lists the differences to write.
//
//   RegistryDraft draft(base, ids);
//   absl::StatusOr<int64_t> action = draft.Scale(command, origin);
//   if (!action.ok()) return action.status();  // drop the draft
//   RegistryChange change = std::move(draft).Finish();
//   ... write change, make change.next the snapshot ...

#ifndef TALLYMAN_STACKS_REGISTRY_REGISTRY_DRAFT_H_
#define TALLYMAN_STACKS_REGISTRY_REGISTRY_DRAFT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "stacks/model/definition.h"
#include "stacks/model/event.h"
#include "stacks/model/registry.h"

namespace tallyman::stacks {

// The greatest ids ever given; 0: none.
struct RegistryIds {
  int64_t stack = 0;
  int64_t action = 0;
};

// A change to write. A stack, process or server has changed if and only if its
// pointers in `base` and `next` differ.
struct RegistryChange {
  std::shared_ptr<const RegistrySnapshot> base;
  std::shared_ptr<const RegistrySnapshot> next;  // `base` if nothing changed
  // New and changed actions, by id; includes those that ended.
  std::vector<std::shared_ptr<const Action>> actions;
  std::vector<Event> events;
  RegistryIds ids;
};

// The change of one request, under construction. The functions do what those of
// Registry promise. Copy-on-write: unchanged parts are shared with the base.
// After an error, drop the draft. Not thread-safe.
class RegistryDraft {
 public:
  // `base` must not be null.
  RegistryDraft(std::shared_ptr<const RegistrySnapshot> base, RegistryIds ids);

  absl::Status PutServer(const Server& server);

  // Returns the uid of the stack.
  absl::StatusOr<std::string> CreateStack(const StackDefinition& definition,
                                          std::string_view server_uid,
                                          const Origin& origin);
  absl::Status ReplaceStack(std::string_view uid,
                            const StackDefinition& definition,
                            std::string_view server_uid, const Origin& origin);

  // Return the id of the action; it may have been open before (DeleteStack) or
  // have ended already.
  absl::StatusOr<int64_t> DeleteStack(std::string_view uid,
                                      const Origin& origin);
  absl::StatusOr<int64_t> Scale(const ScaleCommand& command,
                                const Origin& origin);
  absl::StatusOr<int64_t> Run(const ProcessCommand& command,
                              const Origin& origin);

  void ReportOutcomes(const std::vector<TargetOutcome>& outcomes,
                      absl::Time now);

  RegistryChange Finish() &&;

 private:
  using StackPointer = std::shared_ptr<const Stack>;
  using ProcessPointer = std::shared_ptr<const DesiredProcess>;

  // NotFound, or FailedPrecondition while the stack is being removed.
  absl::StatusOr<StackPointer> FindUsableStack(std::string_view uid) const;
  absl::Status CheckServer(std::string_view key, std::string_view uid) const;
  absl::Status CheckProcess(const Stack& stack, std::string_view process) const;
  absl::Status CheckCounts(const DesiredProcess& process,
                           const ScaleCommand& command) const;
  // That the command, which names an instance, has exactly one of `targets` and
  // that the instance is not known to be missing there.
  absl::Status CheckInstance(const ProcessCommand& command,
                             const std::vector<ActionTarget>& targets) const;
  absl::Status CheckNameIsFree(const StackDefinition& definition,
                               int64_t except_id) const;
  // InvalidArgument if `definition` does not allow the desired counts of `old`,
  // which is null for a new stack; NotFound if new instances would be on an
  // unknown server.
  absl::Status CheckProcesses(const StackDefinition& definition,
                              const Stack* old,
                              std::string_view server_uid) const;

  // Replaces the stack with the id of `stack`, or appends `stack`.
  void PutStack(StackPointer stack);
  void RemoveStack(const Action& action, absl::Time now);
  ProcessPointer NewProcess(const ProcessDefinition& definition,
                            std::string_view server_uid) const;
  ProcessPointer ChangedProcess(const DesiredProcess& old,
                                const ProcessDefinition& definition) const;
  // Opens a scale action for each server where a new process is desired.
  void OpenFirstScale(const Stack& stack, const DesiredProcess& process,
                      const Origin& origin);
  // Raises the generations, both in the stack and in `targets`.
  void RaiseGenerations(const StackPointer& stack,
                        std::vector<ActionTarget>& targets);

  // An open action of the base, with the changes of this draft.
  const Action& Current(const Action& action) const;
  Action& Edit(const Action& action);

  // Adds an action, which ends at once if it has no targets. `summary` is for
  // the audit log.
  int64_t OpenAction(ActionKind kind, const Stack& stack,
                     std::vector<ActionTarget> targets, const Origin& origin,
                     std::string summary, std::string signal = "");
  // Ends, without success, the open targets of the stack's actions in the base
  // for which `matches` returns true.
  void EndTargets(
      std::string_view stack_uid, std::string_view message, absl::Time now,
      absl::FunctionRef<bool(const Action&, const ActionTarget&)> matches);
  // Ends the open targets, of actions of these `kinds`, that have the same
  // process and server as a target of the new action `by`, and the same
  // instance unless that target is of all instances.
  void Supersede(int64_t by, absl::FunctionRef<bool(ActionKind)> kinds);
  void FinishIfDecided(Action& action, absl::Time now);
  void AddEvent(Event event) { events_.push_back(std::move(event)); }

  const std::shared_ptr<const RegistrySnapshot> base_;
  RegistrySnapshot next_;  // Finish() updates `open`.
  RegistryIds ids_;
  std::map<int64_t, std::shared_ptr<Action>> actions_;  // New and changed ones.
  std::vector<Event> events_;
  bool changed_ = false;  // Stacks or servers.
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_REGISTRY_REGISTRY_DRAFT_H_
