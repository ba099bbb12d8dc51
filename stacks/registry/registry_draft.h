// The rules of the registry, apart from where it is kept: what a request makes
// of a snapshot, and what of that has to be written.
//
//   RegistryDraft draft(base, ids);
//   absl::StatusOr<int64_t> action = draft.Scale(command, origin);
//   if (!action.ok()) return action.status();  // the draft is of no use then
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

// The greatest ids that were ever given; 0 for none.
struct RegistryIds {
  int64_t stack = 0;
  int64_t action = 0;
};

// A change that is ready to be written. What differs between the stacks and
// servers of `base` and of `next` is what has other pointers in them.
struct RegistryChange {
  std::shared_ptr<const RegistrySnapshot> base;
  std::shared_ptr<const RegistrySnapshot> next;  // `base` if nothing changed
  // By id: those that are new, and those that changed; finished ones as well.
  std::vector<std::shared_ptr<const Action>> actions;
  std::vector<Event> events;
  RegistryIds ids;
};

// One change in the making, of one request. See Registry for what each of them
// does. Copy-on-write: what doesn't change is shared with the base. Not
// thread-safe.
class RegistryDraft {
 public:
  // `base` must not be null.
  RegistryDraft(std::shared_ptr<const RegistrySnapshot> base, RegistryIds ids);

  absl::Status PutServer(const Server& server);

  // The uid of the stack.
  absl::StatusOr<std::string> CreateStack(const StackDefinition& definition,
                                          std::string_view server_uid,
                                          const Origin& origin);
  absl::Status ReplaceStack(std::string_view uid,
                            const StackDefinition& definition,
                            std::string_view server_uid, const Origin& origin);

  // The id of the action, which may be one that is open already (DeleteStack)
  // or one that has ended at once.
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
  absl::Status CheckNameIsFree(const StackDefinition& definition,
                               int64_t except_id) const;
  // What Replace may not do to the processes of `old` (null for a new stack).
  absl::Status CheckProcesses(const StackDefinition& definition,
                              const Stack* old,
                              std::string_view server_uid) const;
  std::string ServerName(std::string_view uid) const;

  // Puts `stack` where the one with its id is, or at the end.
  void PutStack(StackPointer stack);
  void RemoveStack(const Action& action, absl::Time now);
  ProcessPointer NewProcess(const ProcessDefinition& definition,
                            std::string_view server_uid) const;
  ProcessPointer ChangedProcess(const DesiredProcess& old,
                                const ProcessDefinition& definition) const;
  // Opens an action for what is wanted of a new process, if that is anything.
  void OpenFirstScale(const Stack& stack, const DesiredProcess& process,
                      const Origin& origin);
  // Raises the generations of the targets, in the stack and in themselves.
  void RaiseGenerations(const StackPointer& stack,
                        std::vector<ActionTarget>& targets);

  // An open action of the base, as it is in this draft.
  const Action& Current(const Action& action) const;
  Action& Edit(const Action& action);

  // Adds an action, which ends at once if it has no targets. `what` says for
  // the audit log what is to be done.
  int64_t OpenAction(ActionKind kind, const Stack& stack,
                     std::vector<ActionTarget> targets, const Origin& origin,
                     std::string what);
  // Ends, without success, the undecided targets of the stack's actions that
  // were open before and for which `matches` holds.
  void EndTargets(
      std::string_view stack_uid, std::string_view message, absl::Time now,
      absl::FunctionRef<bool(const Action&, const ActionTarget&)> matches);
  // Ends those whose process and server are among those of the action `by`,
  // which is new.
  void Supersede(int64_t by, absl::FunctionRef<bool(ActionKind)> kinds);
  void FinishIfDecided(Action& action, absl::Time now);
  void AddEvent(Event event) { events_.push_back(std::move(event)); }

  const std::shared_ptr<const RegistrySnapshot> base_;
  RegistrySnapshot next_;  // `open` is put together by Finish.
  RegistryIds ids_;
  std::map<int64_t, std::shared_ptr<Action>> actions_;  // New and changed ones.
  std::vector<Event> events_;
  bool changed_ = false;  // Anything but actions.
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_REGISTRY_REGISTRY_DRAFT_H_
