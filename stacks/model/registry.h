// The registry: the state that all machines must agree on. It has stacks, the
// desired number of instances of each process on each server, actions, servers.
//
// An interface, so that one machine can keep the registry in its SQLite file
// (stacks/registry/sqlite_registry.h) and several machines can share one, such
// as in etcd: nothing here assumes that all changes come from this process.
//
// Example: stacks/stacks_example_test.cc

#ifndef TALLYMAN_STACKS_MODEL_REGISTRY_H_
#define TALLYMAN_STACKS_MODEL_REGISTRY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "stacks/model/definition.h"
#include "storage/pagination.h"

namespace tallyman::stacks {

// A machine that runs processes.
struct Server {
  std::string uid;   // 32 hex digits; survives restarts.
  std::string name;  // Unique.
  std::string address;
  absl::Time created_at;
  absl::Time updated_at;
};

// The desired state of one process on one server.
struct Desired {
  int64_t count = 0;
  // Instances started for an earlier generation must be restarted.
  int64_t generation = 0;
  bool operator==(const Desired&) const = default;
};

// The desired state of a process of a stack.
struct DesiredProcess {
  ProcessDefinition definition;
  std::string md5;          // Md5Hex(definition.command)
  std::string launch_hash;  // definition.LaunchHash()
  // Grows with each change of the definition or of `servers`.
  int64_t revision = 0;
  std::map<std::string, Desired, std::less<>> servers;  // By server uid.
};

// Immutable; shared by snapshots until it changes.
struct Stack {
  int64_t id = 0;
  std::string uid;  // 32 hex digits
  std::string name;
  std::string environment;
  absl::Time created_at;
  absl::Time updated_at;
  // The stack is being removed: no instances are desired.
  bool deleting = false;
  // In the order of the definition. Without processes that a new definition
  // left out; their instances must be stopped.
  std::vector<std::shared_ptr<const DesiredProcess>> processes;

  const DesiredProcess* Find(std::string_view process) const;
};

enum class ActionKind : uint8_t {
  kProcessScale,    // "Process_scale"
  kProcessRestart,  // "Process_restart"
  kProcessPause,    // "Process_pause"
  kProcessResume,   // "Process_resume"
  kProcessSignal,   // "Process_signal"
  kRestart,         // "Restart"
  kStackDelete,     // "Stack_delete"
};
inline constexpr size_t kActionKinds =
    static_cast<size_t>(ActionKind::kStackDelete) + 1;
std::string_view ActionKindName(ActionKind kind);

// The goal of an action for one process on one server.
struct ActionTarget {
  std::string process;
  std::string server_uid;
  int64_t count = 0;  // kProcessScale: the desired number.
  // Restarts: the desired generation. That of one instance is only here, and
  // desired as long as `success` is unset.
  int64_t generation = 0;
  int64_t instance = 0;         // Only this one; 0: all instances.
  std::optional<bool> success;  // Unset until the target ends.
  std::string message;          // Set with `success`: the result or the reason.
  bool operator==(const ActionTarget&) const = default;
};

struct Action {
  int64_t id = 0;
  std::string user;  // The token's name.
  ActionKind kind = ActionKind::kProcessScale;
  std::string stack_uid;
  std::string started_via;  // "api" or "file"
  std::string signal;       // kProcessSignal: "HUP"; else "".
  absl::Time started_at;
  std::vector<ActionTarget> targets;
  // Set when the last target ends, all three together.
  std::optional<absl::Time> finished_at;
  bool finished_success = false;
  std::string finished_message;
};

// The registry at one moment. Immutable; snapshots share parts that did not
// change. Ended actions are not in it.
struct RegistrySnapshot {
  int64_t revision = 0;                              // Grows with each change.
  std::vector<std::shared_ptr<const Stack>> stacks;  // By id.
  std::vector<std::shared_ptr<const Server>> servers;  // By name.
  std::vector<std::shared_ptr<const Action>> open;     // Not ended; by id.

  const Stack* FindStack(std::string_view uid) const;
  const Server* FindServer(std::string_view uid) const;
  // `uid` itself if the server is unknown.
  std::string_view ServerName(std::string_view uid) const;
};

// The origin of a request; recorded with every change.
struct Origin {
  std::string user;  // The token's name.
  std::string started_via = "api";
  absl::Time now;
  // The Idempotency-Key of the request; "" for none. For 24 hours, another
  // request of the same user with the same key and `fingerprint` returns the
  // action or stack of the first request and changes nothing; with another
  // fingerprint it is FailedPrecondition.
  std::string idempotency_key;
  std::string fingerprint;  // A hash of all parameters of the request.
};

// Unvalidated: the registry checks every field.
struct ScaleCommand {
  std::string stack_uid;
  std::string process;
  // Server uid and count; not empty, and no server twice.
  std::vector<std::pair<std::string, int64_t>> counts;
  // Aborted if the process has another revision (If-Match).
  std::optional<int64_t> expected_revision;
};

// Unvalidated: the registry checks every field.
struct ProcessCommand {
  ActionKind kind =
      ActionKind::kProcessRestart;  // Neither kProcessScale nor kStackDelete.
  std::string stack_uid;
  std::string process;     // "": all of the stack.
  std::string server_uid;  // "": all servers.
  // Only the instance with this number, of `process` on one server; 0: all.
  int64_t instance = 0;
  std::string signal;  // kProcessSignal: one of kProgramSignals.
  // The present instances of `process` by server uid, as far as the caller
  // knows them: for a server in this map, another `instance` is NotFound.
  std::map<std::string, std::vector<int64_t>, std::less<>> present_instances;
};

// The end of a target of an open action.
struct TargetOutcome {
  int64_t action_id = 0;
  std::string process;
  std::string server_uid;
  bool success = false;
  std::string message;
};

// Keeps a watcher registered, see Registry::Watch(). The destructor waits for a
// running call. Must not outlive its registry.
class RegistryWatch {
 public:
  virtual ~RegistryWatch() = default;
};

struct ActionPage {
  storage::PageInfo info;
  std::vector<std::shared_ptr<const Action>> actions;  // Newest first.
};

// Thread-safe. A change happens completely or not at all; when the call
// returns, the change is durable and in Snapshot(). An implementation that
// other machines share retries a change that conflicts with one of theirs.
// Failures of the underlying storage are Unavailable, DataLoss or Internal.
// Each change and each end of an action is an event.
class Registry {
 public:
  virtual ~Registry() = default;

  // The newest state known here; with several machines, it may lag behind their
  // changes. Never null. Reads memory only; never waits for a change.
  virtual std::shared_ptr<const RegistrySnapshot> Snapshot() const = 0;

  // Calls `on_change` after each new snapshot, whichever machine made the
  // change; one call may stand for several changes. `on_change` must be quick
  // (wake a thread) and may call Snapshot() only.
  virtual std::unique_ptr<RegistryWatch> Watch(
      std::function<void()> on_change) = 0;

  // Adds this machine, or updates its name and address. AlreadyExists if
  // another server has the name.
  virtual absl::Status PutServer(const Server& server) = 0;

  // Creates a stack with a new uid, with `instances` of each process desired on
  // `server_uid`. InvalidArgument from Validate(); AlreadyExists if a stack has
  // this name and environment.
  virtual absl::StatusOr<std::shared_ptr<const Stack>> CreateStack(
      const StackDefinition& definition, std::string_view server_uid,
      const Origin& origin) = 0;

  // Replaces the definition. Processes that stay keep their desired counts; new
  // ones get their `instances`; those left out are no longer desired. Without a
  // difference nothing changes. NotFound; FailedPrecondition while the stack is
  // being removed.
  virtual absl::StatusOr<std::shared_ptr<const Stack>> ReplaceStack(
      std::string_view uid, const StackDefinition& definition,
      std::string_view server_uid, const Origin& origin) = 0;

  // Opens an action that removes the stack once its processes have stopped (see
  // ReportOutcomes()). A second call returns the open action. Supersedes the
  // other open actions of the stack.
  virtual absl::StatusOr<Action> DeleteStack(std::string_view uid,
                                             const Origin& origin) = 0;

  // Sets desired counts and opens an action. Supersedes targets of open scale
  // actions with the same process and server: they end without success and with
  // a message that names the new action. NotFound names the missing stack,
  // process or server; InvalidArgument a count out of range (0 to the process's
  // max_instances); FailedPrecondition while the stack is being removed.
  virtual absl::StatusOr<Action> Scale(const ScaleCommand& command,
                                       const Origin& origin) = 0;

  // Opens an action of another kind, with a target for each process and server
  // of the command whose desired count is not 0. Restarts raise the generation
  // of the targets; that of one instance is desired only until its action ends.
  // Errors as with Scale(); InvalidArgument also if an instance is named
  // without its process, or without its server where the process is on several.
  // Without a target the action succeeds at once; that of one instance is
  // NotFound. A pause supersedes open resumes for the same process and server,
  // and a resume supersedes open pauses; those of one instance only those of
  // that instance.
  virtual absl::StatusOr<Action> Run(const ProcessCommand& command,
                                     const Origin& origin) = 0;

  // Records the ends of targets and ignores unknown or ended ones. An action
  // ends with its last target; it succeeds if all targets did. A kStackDelete
  // action has one target, with the process "", for each server where instances
  // may be; its success removes the stack.
  virtual absl::Status ReportOutcomes(
      const std::vector<TargetOutcome>& outcomes, absl::Time now) = 0;

  // NotFound if the stack never had this action, or if the action is no longer
  // kept. Finds actions of removed stacks too.
  virtual absl::StatusOr<std::shared_ptr<const Action>> GetAction(
      std::string_view stack_uid, int64_t id) = 0;
  virtual absl::StatusOr<ActionPage> ListActions(
      std::string_view stack_uid, const storage::PageRequest& page) = 0;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_MODEL_REGISTRY_H_
