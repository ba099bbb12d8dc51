// What several machines have to agree on: stacks, how many of each process are
// wanted where, actions, servers. An interface, so that one machine keeps it in
// its SQLite file (stacks/registry/sqlite_registry.h) and several can share it.
//
//   std::shared_ptr<const RegistrySnapshot> now = registry.Snapshot();
//   absl::StatusOr<Action> action = registry.Scale({...});

#ifndef TALLYMAN_STACKS_MODEL_REGISTRY_H_
#define TALLYMAN_STACKS_MODEL_REGISTRY_H_

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
  std::string uid;   // 32 hex digits, stable over restarts.
  std::string name;  // Unique.
  std::string address;
  absl::Time created_at;
  absl::Time updated_at;
};

// What is wanted of one process on one server.
struct Desired {
  int64_t count = 0;
  // Instances that were started for an earlier generation are to be restarted.
  int64_t generation = 0;
  bool operator==(const Desired&) const = default;
};

// A process of a stack, as it is wanted.
struct DesiredProcess {
  ProcessDefinition definition;
  std::string md5;          // Md5Hex(definition.command)
  std::string launch_hash;  // definition.LaunchHash()
  // Changes with each change of the definition or of what is wanted.
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
  // It is being removed: nothing of it is wanted any more.
  bool deleting = false;
  // In the order of the definition. Processes that a new definition left out
  // are not here; their instances are to be stopped.
  std::vector<std::shared_ptr<const DesiredProcess>> processes;

  const DesiredProcess* Find(std::string_view process) const;
};

enum class ActionKind : uint8_t {
  kProcessScale,    // "Process_scale"
  kProcessRestart,  // "Process_restart"
  kProcessPause,    // "Process_pause"
  kProcessResume,   // "Process_resume"
  kRestart,         // "Restart"
  kStackDelete,     // "Stack_delete"
};
std::string_view ActionKindName(ActionKind kind);

// What an action is to reach for one process on one server.
struct ActionTarget {
  std::string process;
  std::string server_uid;
  int64_t count = 0;            // kProcessScale: the wanted number.
  int64_t generation = 0;       // Restarts: the generation to be reached.
  std::optional<bool> success;  // Once it is decided.
  std::string message;          // Then; why not, or what was done.
  bool operator==(const ActionTarget&) const = default;
};

struct Action {
  int64_t id = 0;
  std::string user;  // The token's name.
  ActionKind kind = ActionKind::kProcessScale;
  std::string stack_uid;
  std::string started_via;  // "api" or "file"
  absl::Time started_at;
  std::vector<ActionTarget> targets;
  // All three at once.
  std::optional<absl::Time> finished_at;
  bool finished_success = false;
  std::string finished_message;
};

// All that is wanted at one moment. Immutable.
struct RegistrySnapshot {
  int64_t revision = 0;                              // Grows with each change.
  std::vector<std::shared_ptr<const Stack>> stacks;  // By id.
  std::vector<std::shared_ptr<const Server>> servers;  // By name.
  std::vector<std::shared_ptr<const Action>> open;     // Unfinished, by id.

  const Stack* FindStack(std::string_view uid) const;
  const Server* FindServer(std::string_view uid) const;
  // `uid` itself if the server is unknown.
  std::string_view ServerName(std::string_view uid) const;
};

// Who asks, and how: what every change is recorded with.
struct Origin {
  std::string user;  // The token's name.
  std::string started_via = "api";
  absl::Time now;
  // The Idempotency-Key of the request; "" for none. A second request of the
  // same user with the same key and the same `fingerprint` within 24 hours gets
  // the first one's action or stack and changes nothing; with another
  // fingerprint it is FailedPrecondition.
  std::string idempotency_key;
  std::string fingerprint;  // Of all that the request asks for.
};

// A request for actions. The caller has checked nothing.
struct ScaleCommand {
  std::string stack_uid;
  std::string process;
  // Server uid and count; not empty, no server twice.
  std::vector<std::pair<std::string, int64_t>> counts;
  // Aborted if the process's revision is another one by now (If-Match).
  std::optional<int64_t> expected_revision;
};

struct ProcessCommand {
  ActionKind kind = ActionKind::kProcessRestart;  // not scale, not delete
  std::string stack_uid;
  std::string process;     // "" is all of the stack
  std::string server_uid;  // "" is all servers
};

// How a target of an open action ended.
struct TargetOutcome {
  int64_t action_id = 0;
  std::string process;
  std::string server_uid;
  bool success = false;
  std::string message;
};

// Keeps a watcher registered, see Registry::Watch. Destroying it waits for a
// call that is under way. Must not outlive its registry.
class RegistryWatch {
 public:
  virtual ~RegistryWatch() = default;
};

struct ActionPage {
  storage::PageInfo info;
  std::vector<std::shared_ptr<const Action>> actions;  // Newest first.
};

// Thread-safe. Changes are durable when they return, all or nothing, and are in
// Snapshot() by then. Failures of what is underneath are Unavailable, DataLoss
// or Internal. Each change and each end of an action is an event.
class Registry {
 public:
  virtual ~Registry() = default;

  // Never null; costs no database access and no wait for a writer's disk.
  virtual std::shared_ptr<const RegistrySnapshot> Snapshot() const = 0;

  // Called after each change; it has to be quick (wake somebody) and must not
  // call the registry.
  virtual std::unique_ptr<RegistryWatch> Watch(
      std::function<void()> on_change) = 0;

  // Adds this machine, or brings its name and address up to date. AlreadyExists
  // if another server has the name.
  virtual absl::Status PutServer(const Server& server) = 0;

  // Makes a stack with a new uid. `instances` of its processes are wanted on
  // `server_uid`. InvalidArgument from Validate(); AlreadyExists if there is
  // one with this name and environment.
  virtual absl::StatusOr<std::shared_ptr<const Stack>> CreateStack(
      const StackDefinition& definition, std::string_view server_uid,
      const Origin& origin) = 0;

  // Replaces the definition. Wanted counts of processes that stay are kept;
  // new ones get their `instances`; of those left out nothing is wanted any
  // more. Without a difference nothing changes. NotFound; FailedPrecondition
  // while it is being removed.
  virtual absl::StatusOr<std::shared_ptr<const Stack>> ReplaceStack(
      std::string_view uid, const StackDefinition& definition,
      std::string_view server_uid, const Origin& origin) = 0;

  // Opens an action that removes the stack, once its processes have stopped
  // (see ReportOutcomes). Repeating it returns the open action. Unfinished
  // actions of the stack end, superseded.
  virtual absl::StatusOr<Action> DeleteStack(std::string_view uid,
                                             const Origin& origin) = 0;

  // Sets wanted counts and opens an action. Of unfinished scale actions, the
  // targets with the same process and server end without success and with a
  // message that names the new action. NotFound names the stack, process or
  // server that isn't there; InvalidArgument a count that is out of range (0 to
  // the process's max_instances); FailedPrecondition for a stack that is being
  // removed.
  virtual absl::StatusOr<Action> Scale(const ScaleCommand& command,
                                       const Origin& origin) = 0;

  // Opens an action of another kind, with a target for each process and server
  // of the command where anything is wanted. Restarts raise the generation of
  // these. NotFound as with Scale. If there is no target the action ends at
  // once, with success. A pause and a resume supersede unfinished ones of each
  // other for the same process and server.
  virtual absl::StatusOr<Action> Run(const ProcessCommand& command,
                                     const Origin& origin) = 0;

  // Records ends of targets; an action whose targets have all ended ends: with
  // success if all succeeded. Unknown or ended targets are ignored.
  // kStackDelete actions have one target for each server where instances may be
  // (process
  // ""), and when all have succeeded the stack is removed with the action's
  // end.
  virtual absl::Status ReportOutcomes(
      const std::vector<TargetOutcome>& outcomes, absl::Time now) = 0;

  // NotFound if the stack never had such an action; actions of removed stacks
  // are still there.
  virtual absl::StatusOr<std::shared_ptr<const Action>> GetAction(
      std::string_view stack_uid, int64_t id) = 0;
  virtual absl::StatusOr<ActionPage> ListActions(
      std::string_view stack_uid, const storage::PageRequest& page) = 0;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_MODEL_REGISTRY_H_
