#include "stacks/registry/sqlite_registry_writer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "stacks/model/definition.h"
#include "stacks/model/registry.h"
#include "stacks/registry/registry_draft.h"
#include "stacks/registry/sqlite_action_rows.h"
#include "stacks/registry/sqlite_registry_tables.h"
#include "storage/connection.h"

namespace tallyman::stacks {
namespace {

using storage::Connection;
using storage::Statement;

absl::Status WriteServers(Connection& connection,
                          const RegistryChange& change) {
  if (change.next->servers == change.base->servers) return absl::OkStatus();
  absl::StatusOr<Statement> put = connection.Prepare(
      "INSERT INTO servers (uid, name, address, created_at, updated_at) "
      "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (uid) DO UPDATE SET "
      "name = ?2, address = ?3, updated_at = ?5");
  if (!put.ok()) return put.status();
  for (const auto& server : change.next->servers) {
    if (change.base->FindServer(server->uid) == server.get()) continue;
    if (absl::Status run = put->Bind(1, server->uid)
                               .Bind(2, server->name)
                               .Bind(3, server->address)
                               .Bind(4, absl::ToUnixNanos(server->created_at))
                               .Bind(5, absl::ToUnixNanos(server->updated_at))
                               .Run();
        !run.ok()) {
      return run;
    }
  }
  return absl::OkStatus();
}

absl::Status WriteStackRow(Connection& connection, const Stack& stack) {
  absl::StatusOr<Statement> put = connection.Prepare(
      "INSERT INTO stacks (id, uid, name, environment, created_at, updated_at, "
      "deleting) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO "
      "UPDATE SET name = ?3, environment = ?4, updated_at = ?6, deleting = ?7");
  if (!put.ok()) return put.status();
  return put->Bind(1, stack.id)
      .Bind(2, stack.uid)
      .Bind(3, stack.name)
      .Bind(4, stack.environment)
      .Bind(5, absl::ToUnixNanos(stack.created_at))
      .Bind(6, absl::ToUnixNanos(stack.updated_at))
      .Bind(7, stack.deleting)
      .Run();
}

absl::Status WriteProcessRow(Connection& connection, int64_t stack_id,
                             size_t position, const DesiredProcess& process) {
  absl::StatusOr<Statement> put = connection.Prepare(
      "INSERT OR REPLACE INTO processes (stack_id, name, position, revision, "
      "command, directory, env, user, stop_sequence, max_instances, cpu, "
      "memory, nofile, instances) VALUES "
      "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)");
  if (!put.ok()) return put.status();
  const ProcessDefinition& definition = process.definition;
  return put->Bind(1, stack_id)
      .Bind(2, definition.name)
      .Bind(3, static_cast<int64_t>(position))
      .Bind(4, process.revision)
      .Bind(5, definition.command)
      .Bind(6, definition.directory)
      .Bind(7, storage::Blob{EncodeEnvironment(definition.env)})
      .Bind(8, definition.user)
      .Bind(9, definition.stop_sequence.ToString())
      .Bind(10, definition.max_instances)
      .Bind(11, definition.cpu)
      .Bind(12, definition.memory)
      .Bind(13, definition.nofile)
      .Bind(14, definition.instances)
      .Run();
}

// Changes the rows of `process` in the table wanted from `before` to `next`.
absl::Status WriteDesired(
    Connection& connection, int64_t stack_id, const std::string& process,
    const std::map<std::string, Desired, std::less<>>& before,
    const std::map<std::string, Desired, std::less<>>& next) {
  absl::StatusOr<Statement> put = connection.Prepare(
      "INSERT OR REPLACE INTO wanted (stack_id, process, server_uid, count, "
      "generation) VALUES (?1, ?2, ?3, ?4, ?5)");
  if (!put.ok()) return put.status();
  for (const auto& [server_uid, desired] : next) {
    const auto found = before.find(server_uid);
    if (found != before.end() && found->second == desired) continue;
    if (absl::Status run = put->Bind(1, stack_id)
                               .Bind(2, process)
                               .Bind(3, server_uid)
                               .Bind(4, desired.count)
                               .Bind(5, desired.generation)
                               .Run();
        !run.ok()) {
      return run;
    }
  }
  absl::StatusOr<Statement> remove = connection.Prepare(
      "DELETE FROM wanted "
      "WHERE stack_id = ?1 AND process = ?2 AND server_uid = ?3");
  if (!remove.ok()) return remove.status();
  for (const auto& [server_uid, desired] : before) {
    if (next.contains(server_uid)) continue;
    remove->Bind(1, stack_id).Bind(2, process).Bind(3, server_uid);
    if (absl::Status run = remove->Run(); !run.ok()) return run;
  }
  return absl::OkStatus();
}

absl::Status RemoveProcess(Connection& connection, int64_t stack_id,
                           const DesiredProcess& process) {
  const std::string& name = process.definition.name;
  if (absl::Status status =
          WriteDesired(connection, stack_id, name, process.servers, {});
      !status.ok()) {
    return status;
  }
  absl::StatusOr<Statement> remove = connection.Prepare(
      "DELETE FROM processes WHERE stack_id = ?1 AND name = ?2");
  if (!remove.ok()) return remove.status();
  return remove->Bind(1, stack_id).Bind(2, name).Run();
}

// `before` is null for a new stack.
absl::Status WriteStack(Connection& connection, const Stack* before,
                        const Stack& next) {
  if (before == nullptr || before->name != next.name ||
      before->environment != next.environment ||
      before->updated_at != next.updated_at ||
      before->deleting != next.deleting) {
    if (absl::Status status = WriteStackRow(connection, next); !status.ok()) {
      return status;
    }
  }
  for (size_t i = 0; i < next.processes.size(); ++i) {
    const DesiredProcess& process = *next.processes[i];
    const std::string& name = process.definition.name;
    const DesiredProcess* old =
        before == nullptr ? nullptr : before->Find(name);
    if (old == &process && before->processes.size() > i &&
        before->processes[i].get() == old) {
      continue;
    }
    for (const absl::Status& status :
         {WriteProcessRow(connection, next.id, i, process),
          WriteDesired(
              connection, next.id, name,
              old == nullptr ? decltype(process.servers)() : old->servers,
              process.servers)}) {
      if (!status.ok()) return status;
    }
  }
  if (before == nullptr) return absl::OkStatus();
  for (const auto& old : before->processes) {
    if (next.Find(old->definition.name) != nullptr) continue;
    if (absl::Status status = RemoveProcess(connection, next.id, *old);
        !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

absl::Status RemoveStack(Connection& connection, const Stack& stack,
                         const ActionRetention& retention) {
  for (const auto& process : stack.processes) {
    if (absl::Status status = RemoveProcess(connection, stack.id, *process);
        !status.ok()) {
      return status;
    }
  }
  absl::StatusOr<Statement> remove =
      connection.Prepare("DELETE FROM stacks WHERE id = ?1");
  if (!remove.ok()) return remove.status();
  if (absl::Status run = remove->Bind(1, stack.id).Run(); !run.ok()) return run;
  return WriteRemoval(connection, stack.uid, retention.max_removed_stacks);
}

// Merges the stacks of base and next; both lists are by id.
absl::Status WriteStacks(Connection& connection, const RegistryChange& change,
                         const ActionRetention& retention) {
  auto before = change.base->stacks.begin();
  const auto before_end = change.base->stacks.end();
  for (const auto& stack : change.next->stacks) {
    for (; before != before_end && (*before)->id < stack->id; ++before) {
      if (absl::Status status = RemoveStack(connection, **before, retention);
          !status.ok()) {
        return status;
      }
    }
    const Stack* old = nullptr;
    if (before != before_end && (*before)->id == stack->id) {
      old = (before++)->get();
    }
    if (old == stack.get()) continue;
    if (absl::Status status = WriteStack(connection, old, *stack);
        !status.ok()) {
      return status;
    }
  }
  for (; before != before_end; ++before) {
    if (absl::Status status = RemoveStack(connection, **before, retention);
        !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

absl::Status WriteActions(Connection& connection, const RegistryChange& change,
                          int64_t max_per_stack) {
  const auto& open = change.base->open;
  for (const auto& action : change.actions) {
    const auto found = std::lower_bound(
        open.begin(), open.end(), action->id,
        [](const auto& other, int64_t id) { return other->id < id; });
    const bool is_old = found != open.end() && (*found)->id == action->id;
    if (absl::Status status =
            WriteAction(connection, is_old ? found->get() : nullptr, *action,
                        max_per_stack);
        !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

absl::Status WriteRevision(Connection& connection, int64_t revision) {
  absl::StatusOr<Statement> update =
      connection.Prepare("UPDATE registry_meta SET revision = ?1");
  if (!update.ok()) return update.status();
  return update->Bind(1, revision).Run();
}

}  // namespace

absl::Status WriteChange(Connection& connection, const RegistryChange& change,
                         const ActionRetention& retention) {
  if (change.next == change.base) return absl::OkStatus();
  if (absl::Status status = WriteRevision(connection, change.next->revision);
      !status.ok()) {
    return status;
  }
  if (absl::Status status = WriteServers(connection, change); !status.ok()) {
    return status;
  }
  // Before the stacks: removing a stack may remove old actions.
  if (absl::Status status =
          WriteActions(connection, change, retention.max_per_stack);
      !status.ok()) {
    return status;
  }
  return WriteStacks(connection, change, retention);
}

}  // namespace tallyman::stacks
