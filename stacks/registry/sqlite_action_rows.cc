#include "stacks/registry/sqlite_action_rows.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/base/text.h"
#include "stacks/model/registry.h"
#include "stacks/registry/retention.h"
#include "stacks/registry/sqlite_registry_tables.h"
#include "storage/connection.h"
#include "storage/pagination.h"

namespace tallyman::stacks {
namespace {

using storage::Connection;
using storage::Statement;
using Actions = std::vector<std::shared_ptr<const Action>>;

std::optional<ActionKind> ParseActionKind(std::string_view name) {
  for (size_t i = 0; i < kActionKinds; ++i) {
    const auto kind = static_cast<ActionKind>(i);
    if (ActionKindName(kind) == name) return kind;
  }
  return std::nullopt;
}

absl::StatusOr<std::vector<ActionTarget>> ReadTargets(Connection& connection,
                                                      int64_t action_id) {
  absl::StatusOr<Statement> rows = connection.Prepare(
      "SELECT process, server_uid, count, generation, success, message, "
      "instance FROM action_targets WHERE action_id = ?1 ORDER BY position");
  if (!rows.ok()) return rows.status();
  rows->Bind(1, action_id);
  std::vector<ActionTarget> targets;
  absl::Status read = ForEachRow(*rows, [&](const Statement& row) {
    ActionTarget target = {.process = std::string(row.Text(0)),
                           .server_uid = std::string(row.Text(1)),
                           .count = row.Int64(2),
                           .generation = row.Int64(3),
                           .instance = row.Int64(6),
                           .message = std::string(row.Text(5))};
    if (!row.IsNull(4)) target.success = row.Int64(4) != 0;
    targets.push_back(std::move(target));
    return absl::OkStatus();
  });
  if (!read.ok()) return read;
  return targets;
}

// `rows` has the columns id, user, kind, stack_uid, started_via, started_at,
// finished_at, finished_success, finished_message, signal.
absl::StatusOr<Actions> ReadActions(Connection& connection, Statement& rows) {
  Actions actions;
  absl::Status read = ForEachRow(rows, [&](const Statement& row) {
    auto action = std::make_shared<Action>();
    action->id = row.Int64(0);
    action->user = std::string(row.Text(1));
    const std::optional<ActionKind> kind = ParseActionKind(row.Text(2));
    if (!kind.has_value()) {
      return absl::DataLossError(absl::StrCat("action ", action->id,
                                              " is of an unknown kind, ",
                                              base::Quote(row.Text(2))));
    }
    action->kind = *kind;
    action->stack_uid = std::string(row.Text(3));
    action->started_via = std::string(row.Text(4));
    action->started_at = absl::FromUnixNanos(row.Int64(5));
    if (!row.IsNull(6)) {
      action->finished_at = absl::FromUnixNanos(row.Int64(6));
      action->finished_success = row.Int64(7) != 0;
      action->finished_message = std::string(row.Text(8));
    }
    action->signal = std::string(row.Text(9));
    absl::StatusOr<std::vector<ActionTarget>> targets =
        ReadTargets(connection, action->id);
    if (!targets.ok()) return targets.status();
    action->targets = *std::move(targets);
    actions.push_back(std::move(action));
    return absl::OkStatus();
  });
  if (!read.ok()) return read;
  return actions;
}

absl::StatusOr<int64_t> ReadActionCount(Connection& connection,
                                        std::string_view stack_uid) {
  absl::StatusOr<Statement> select = connection.Prepare(
      "SELECT count FROM action_counts WHERE stack_uid = ?1");
  if (!select.ok()) return select.status();
  absl::StatusOr<bool> row = select->Bind(1, stack_uid).Step();
  if (!row.ok()) return row.status();
  return *row ? select->Int64(0) : 0;
}

absl::Status WriteCount(Connection& connection, std::string_view stack_uid,
                        int64_t count) {
  absl::StatusOr<Statement> put = connection.Prepare(
      "INSERT OR REPLACE INTO action_counts (stack_uid, count) "
      "VALUES (?1, ?2)");
  if (!put.ok()) return put.status();
  return put->Bind(1, stack_uid).Bind(2, count).Run();
}

// Removes ended actions, except the newest `kept` actions of the stack.
absl::Status RemoveOldestActions(Connection& connection,
                                 std::string_view stack_uid, int64_t kept) {
  // The newest action to remove.
  std::optional<int64_t> newest;
  {
    absl::StatusOr<Statement> select = connection.Prepare(
        "SELECT id FROM actions WHERE stack_uid = ?1 "
        "ORDER BY id DESC LIMIT 1 OFFSET ?2");
    if (!select.ok()) return select.status();
    absl::StatusOr<bool> row = select->Bind(1, stack_uid).Bind(2, kept).Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    newest = select->Int64(0);
  }
  for (const std::string_view sql :
       {"DELETE FROM action_targets WHERE action_id IN (SELECT id FROM actions "
        "WHERE stack_uid = ?1 AND id <= ?2 AND finished_at IS NOT NULL)",
        "DELETE FROM actions "
        "WHERE stack_uid = ?1 AND id <= ?2 AND finished_at IS NOT NULL"}) {
    absl::StatusOr<Statement> remove = connection.Prepare(sql);
    if (!remove.ok()) return remove.status();
    remove->Bind(1, stack_uid).Bind(2, *newest);
    if (absl::Status run = remove->Run(); !run.ok()) return run;
  }
  const int64_t removed = connection.Changes();
  absl::StatusOr<int64_t> count = ReadActionCount(connection, stack_uid);
  if (!count.ok()) return count.status();
  return WriteCount(connection, stack_uid, *count - removed);
}

absl::Status InsertAction(Connection& connection, const Action& action) {
  absl::StatusOr<Statement> insert = connection.Prepare(
      "INSERT INTO actions (id, user, kind, stack_uid, started_via, "
      "started_at, signal) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  if (!insert.ok()) return insert.status();
  if (absl::Status run = insert->Bind(1, action.id)
                             .Bind(2, action.user)
                             .Bind(3, ActionKindName(action.kind))
                             .Bind(4, action.stack_uid)
                             .Bind(5, action.started_via)
                             .Bind(6, absl::ToUnixNanos(action.started_at))
                             .Bind(7, action.signal)
                             .Run();
      !run.ok()) {
    return run;
  }
  absl::StatusOr<Statement> target = connection.Prepare(
      "INSERT INTO action_targets (action_id, position, process, server_uid, "
      "count, generation, success, message, instance) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
  if (!target.ok()) return target.status();
  for (size_t i = 0; i < action.targets.size(); ++i) {
    if (absl::Status run = target->Bind(1, action.id)
                               .Bind(2, static_cast<int64_t>(i))
                               .Bind(3, action.targets[i].process)
                               .Bind(4, action.targets[i].server_uid)
                               .Bind(5, action.targets[i].count)
                               .Bind(6, action.targets[i].generation)
                               .Bind(7, action.targets[i].success)
                               .Bind(8, action.targets[i].message)
                               .Bind(9, action.targets[i].instance)
                               .Run();
        !run.ok()) {
      return run;
    }
  }
  return absl::OkStatus();
}

absl::Status UpdateTargets(Connection& connection, const Action& before,
                           const Action& action) {
  absl::StatusOr<Statement> update = connection.Prepare(
      "UPDATE action_targets SET success = ?3, message = ?4 "
      "WHERE action_id = ?1 AND position = ?2");
  if (!update.ok()) return update.status();
  for (size_t i = 0; i < action.targets.size(); ++i) {
    if (action.targets[i] == before.targets[i]) continue;
    if (absl::Status run = update->Bind(1, action.id)
                               .Bind(2, static_cast<int64_t>(i))
                               .Bind(3, action.targets[i].success)
                               .Bind(4, action.targets[i].message)
                               .Run();
        !run.ok()) {
      return run;
    }
  }
  return absl::OkStatus();
}

absl::Status WriteEnd(Connection& connection, const Action& action) {
  if (!action.finished_at.has_value()) return absl::OkStatus();
  absl::StatusOr<Statement> update = connection.Prepare(
      "UPDATE actions SET finished_at = ?2, finished_success = ?3, "
      "finished_message = ?4 WHERE id = ?1");
  if (!update.ok()) return update.status();
  return update->Bind(1, action.id)
      .Bind(2, absl::ToUnixNanos(*action.finished_at))
      .Bind(3, action.finished_success)
      .Bind(4, action.finished_message)
      .Run();
}

}  // namespace

absl::StatusOr<Actions> ReadOpenActions(Connection& connection) {
  absl::StatusOr<Statement> rows = connection.Prepare(
      "SELECT id, user, kind, stack_uid, started_via, started_at, finished_at, "
      "finished_success, finished_message, signal FROM actions "
      "WHERE finished_at IS NULL ORDER BY id");
  if (!rows.ok()) return rows.status();
  return ReadActions(connection, *rows);
}

absl::StatusOr<std::shared_ptr<const Action>> ReadAction(
    Connection& connection, std::string_view stack_uid, int64_t id) {
  absl::StatusOr<Statement> rows = connection.Prepare(
      "SELECT id, user, kind, stack_uid, started_via, started_at, finished_at, "
      "finished_success, finished_message, signal FROM actions "
      "WHERE id = ?1 AND stack_uid = ?2");
  if (!rows.ok()) return rows.status();
  rows->Bind(1, id).Bind(2, stack_uid);
  absl::StatusOr<Actions> actions = ReadActions(connection, *rows);
  if (!actions.ok()) return actions.status();
  if (actions->empty()) {
    return absl::NotFoundError(absl::StrCat(
        "the stack ", base::Quote(stack_uid), " has no action ", id));
  }
  return std::move(actions->front());
}

absl::StatusOr<ActionPage> ReadActionPage(Connection& connection,
                                          std::string_view stack_uid,
                                          const storage::PageRequest& page) {
  absl::StatusOr<int64_t> count = ReadActionCount(connection, stack_uid);
  if (!count.ok()) return count.status();
  ActionPage result = {.info = Paginate(page, *count)};
  absl::StatusOr<Statement> rows = connection.Prepare(
      "SELECT id, user, kind, stack_uid, started_via, started_at, finished_at, "
      "finished_success, finished_message, signal FROM actions WHERE stack_uid "
      "= ?1 "
      "ORDER BY id DESC LIMIT ?2 OFFSET ?3");
  if (!rows.ok()) return rows.status();
  rows->Bind(1, stack_uid)
      .Bind(2, result.info.end - result.info.begin)
      .Bind(3, result.info.begin);
  absl::StatusOr<Actions> actions = ReadActions(connection, *rows);
  if (!actions.ok()) return actions.status();
  result.actions = *std::move(actions);
  return result;
}

absl::Status WriteAction(Connection& connection, const Action* before,
                         const Action& action, int64_t max_per_stack) {
  if (absl::Status status = before == nullptr
                                ? InsertAction(connection, action)
                                : UpdateTargets(connection, *before, action);
      !status.ok()) {
    return status;
  }
  if (absl::Status status = WriteEnd(connection, action); !status.ok()) {
    return status;
  }
  if (before != nullptr) return absl::OkStatus();
  absl::StatusOr<int64_t> count = ReadActionCount(connection, action.stack_uid);
  if (!count.ok()) return count.status();
  if (absl::Status status =
          WriteCount(connection, action.stack_uid, *count + 1);
      !status.ok()) {
    return status;
  }
  if (*count + 1 <= max_per_stack + RetentionSlack(max_per_stack)) {
    return absl::OkStatus();
  }
  return RemoveOldestActions(connection, action.stack_uid, max_per_stack);
}

absl::Status WriteRemoval(Connection& connection, std::string_view stack_uid,
                          int64_t max_removed_stacks) {
  absl::StatusOr<Statement> insert =
      connection.Prepare("INSERT INTO removed_stacks (uid) VALUES (?1)");
  if (!insert.ok()) return insert.status();
  if (absl::Status run = insert->Bind(1, stack_uid).Run(); !run.ok()) {
    return run;
  }
  // Ids of removed_stacks are consecutive, so the ids to remove follow from the
  // last one.
  const int64_t newest = connection.LastInsertId() - max_removed_stacks;
  for (const std::string_view sql :
       {"DELETE FROM action_targets WHERE action_id IN (SELECT id FROM actions "
        "WHERE stack_uid IN (SELECT uid FROM removed_stacks WHERE id <= ?1))",
        "DELETE FROM actions WHERE stack_uid IN "
        "(SELECT uid FROM removed_stacks WHERE id <= ?1)",
        "DELETE FROM action_counts WHERE stack_uid IN "
        "(SELECT uid FROM removed_stacks WHERE id <= ?1)",
        "DELETE FROM removed_stacks WHERE id <= ?1"}) {
    absl::StatusOr<Statement> remove = connection.Prepare(sql);
    if (!remove.ok()) return remove.status();
    if (absl::Status run = remove->Bind(1, newest).Run(); !run.ok()) return run;
  }
  return absl::OkStatus();
}

}  // namespace tallyman::stacks
