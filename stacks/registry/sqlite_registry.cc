#include "stacks/registry/sqlite_registry.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "platform/base/text.h"
#include "stacks/model/definition.h"
#include "stacks/model/registry.h"
#include "stacks/registry/event_log.h"
#include "stacks/registry/registry_draft.h"
#include "stacks/registry/sqlite_action_rows.h"
#include "stacks/registry/sqlite_registry_reader.h"
#include "stacks/registry/sqlite_registry_tables.h"
#include "stacks/registry/sqlite_registry_writer.h"
#include "stacks/registry/sqlite_request_rows.h"
#include "storage/connection.h"
#include "storage/database.h"
#include "storage/pagination.h"

namespace tallyman::stacks {

using storage::Connection;

// Removes the watcher from the list in its destructor.
class SqliteRegistry::Registration final : public RegistryWatch {
 public:
  Registration(SqliteRegistry& registry,
               std::list<std::function<void()>>::iterator position)
      : registry_(registry), position_(position) {}
  ~Registration() override {
    absl::MutexLock lock(&registry_.change_mutex_);
    registry_.watchers_.erase(position_);
  }

 private:
  SqliteRegistry& registry_;
  const std::list<std::function<void()>>::iterator position_;
};

SqliteRegistry::SqliteRegistry(storage::Database& db, EventLog& events,
                               const SqliteRegistryOptions& options,
                               RegistrySnapshot snapshot, RegistryIds ids)
    : db_(db),
      events_(events),
      options_(options),
      ids_(ids),
      snapshot_(std::make_shared<const RegistrySnapshot>(std::move(snapshot))) {
}

absl::StatusOr<std::unique_ptr<SqliteRegistry>> SqliteRegistry::Open(
    storage::Database& db, EventLog& events,
    const SqliteRegistryOptions& options) {
  if (options.max_actions_per_stack < 1 || options.max_removed_stacks < 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the registry is to keep ", options.max_actions_per_stack,
        " actions of a stack, at least 1 is needed, and those of ",
        options.max_removed_stacks, " removed stacks, at least 0"));
  }
  if (absl::Status migrated = MigrateRegistryTables(db); !migrated.ok()) {
    return migrated;
  }
  absl::StatusOr<RegistryContents> contents;
  absl::Status read = db.Read([&](Connection& connection) {
    contents = ReadRegistry(connection);
    return contents.status();
  });
  if (!read.ok()) return read;
  return absl::WrapUnique(new SqliteRegistry(
      db, events, options, std::move(contents->snapshot), contents->ids));
}

std::shared_ptr<const RegistrySnapshot> SqliteRegistry::Snapshot() const {
  absl::MutexLock lock(&snapshot_mutex_);
  return snapshot_;
}

std::unique_ptr<RegistryWatch> SqliteRegistry::Watch(
    std::function<void()> on_change) {
  absl::MutexLock lock(&change_mutex_);
  return std::make_unique<Registration>(
      *this, watchers_.insert(watchers_.end(), std::move(on_change)));
}

RegistryDraft SqliteRegistry::NewDraft() const {
  return RegistryDraft(Snapshot(), ids_);
}

absl::Status SqliteRegistry::Commit(
    const RegistryChange& change,
    absl::FunctionRef<absl::Status(Connection&)> also) {
  absl::Status written = db_.Write([&](Connection& connection) {
    if (absl::Status status =
            WriteChange(connection, change,
                        {.max_per_stack = options_.max_actions_per_stack,
                         .max_removed_stacks = options_.max_removed_stacks});
        !status.ok()) {
      return status;
    }
    if (absl::Status status = events_.Append(connection, change.events);
        !status.ok()) {
      return status;
    }
    return also(connection);
  });
  if (!written.ok() || change.next == change.base) return written;

  ids_ = change.ids;
  CountEndedOf(change);
  {
    absl::MutexLock lock(&snapshot_mutex_);
    snapshot_ = change.next;
  }
  for (const std::function<void()>& watcher : watchers_) watcher();
  return absl::OkStatus();
}

void SqliteRegistry::CountEndedOf(const RegistryChange& change) {
  for (const std::shared_ptr<const Action>& action : change.actions) {
    if (!action->finished_at) continue;  // An ended action never changes.
    AtomicEnded& ended = ended_[static_cast<size_t>(action->kind)];
    (action->finished_success ? ended.succeeded : ended.failed)
        .fetch_add(1, std::memory_order_relaxed);
  }
}

EndedActions SqliteRegistry::CountEnded(ActionKind kind) const {
  const AtomicEnded& ended = ended_[static_cast<size_t>(kind)];
  return {.succeeded = ended.succeeded.load(std::memory_order_relaxed),
          .failed = ended.failed.load(std::memory_order_relaxed)};
}

absl::StatusOr<std::string> SqliteRegistry::Change(
    std::string_view kind, const Origin& origin,
    absl::FunctionRef<absl::StatusOr<std::string>(RegistryDraft&)> edit) {
  const bool has_key = !origin.idempotency_key.empty();
  if (has_key) {
    // change_mutex_ is held, so no other request writes between this read and
    // the write below.
    absl::StatusOr<std::optional<std::string>> known;
    absl::Status read = db_.Read([&](Connection& connection) {
      known = ReadRequest(connection, kind, origin);
      return known.status();
    });
    if (!read.ok()) return read;
    if (known->has_value()) return **std::move(known);
  }
  RegistryDraft draft = NewDraft();
  absl::StatusOr<std::string> result = edit(draft);
  if (!result.ok()) return result.status();
  const RegistryChange change = std::move(draft).Finish();
  if (change.next == change.base && !has_key) return result;
  absl::Status committed =
      Commit(change, [&](Connection& connection) -> absl::Status {
        if (!has_key) return absl::OkStatus();
        return WriteRequest(connection, kind, origin, *result);
      });
  if (!committed.ok()) return committed;
  return result;
}

absl::StatusOr<std::shared_ptr<const Stack>> SqliteRegistry::ChangeStack(
    std::string_view kind, const Origin& origin,
    absl::FunctionRef<absl::StatusOr<std::string>(RegistryDraft&)> edit) {
  absl::MutexLock lock(&change_mutex_);
  absl::StatusOr<std::string> uid = Change(kind, origin, edit);
  if (!uid.ok()) return uid.status();
  const std::shared_ptr<const RegistrySnapshot> snapshot = Snapshot();
  for (const std::shared_ptr<const Stack>& stack : snapshot->stacks) {
    if (stack->uid == *uid) return stack;
  }
  // A repeated request whose stack has been removed.
  return absl::NotFoundError(absl::StrCat("the stack ", base::Quote(*uid),
                                          " of the request with this ",
                                          "Idempotency-Key was removed"));
}

absl::StatusOr<Action> SqliteRegistry::ChangeActions(
    std::string_view kind, std::string_view stack_uid, const Origin& origin,
    absl::FunctionRef<absl::StatusOr<int64_t>(RegistryDraft&)> edit) {
  absl::MutexLock lock(&change_mutex_);
  absl::StatusOr<std::string> result = Change(
      kind, origin, [&](RegistryDraft& draft) -> absl::StatusOr<std::string> {
        absl::StatusOr<int64_t> id = edit(draft);
        if (!id.ok()) return id.status();
        return absl::StrCat(*id);
      });
  if (!result.ok()) return result.status();
  int64_t id = 0;
  if (!absl::SimpleAtoi(*result, &id)) {
    return absl::DataLossError(
        absl::StrCat("the request with the Idempotency-Key ",
                     base::Quote(origin.idempotency_key), " has the result ",
                     base::Quote(*result), ", which is no action"));
  }
  absl::StatusOr<std::shared_ptr<const Action>> action =
      GetAction(stack_uid, id);
  if (!action.ok()) return action.status();
  return **action;
}

absl::Status SqliteRegistry::PutServer(const Server& server) {
  absl::MutexLock lock(&change_mutex_);
  RegistryDraft draft = NewDraft();
  if (absl::Status put = draft.PutServer(server); !put.ok()) return put;
  const RegistryChange change = std::move(draft).Finish();
  if (change.next == change.base) return absl::OkStatus();
  return Commit(change, [](Connection&) { return absl::OkStatus(); });
}

absl::StatusOr<std::shared_ptr<const Stack>> SqliteRegistry::CreateStack(
    const StackDefinition& definition, std::string_view server_uid,
    const Origin& origin) {
  return ChangeStack("Stack_create", origin, [&](RegistryDraft& draft) {
    return draft.CreateStack(definition, server_uid, origin);
  });
}

absl::StatusOr<std::shared_ptr<const Stack>> SqliteRegistry::ReplaceStack(
    std::string_view uid, const StackDefinition& definition,
    std::string_view server_uid, const Origin& origin) {
  return ChangeStack("Stack_replace", origin,
                     [&](RegistryDraft& draft) -> absl::StatusOr<std::string> {
                       absl::Status replaced = draft.ReplaceStack(
                           uid, definition, server_uid, origin);
                       if (!replaced.ok()) return replaced;
                       return std::string(uid);
                     });
}

absl::StatusOr<Action> SqliteRegistry::DeleteStack(std::string_view uid,
                                                   const Origin& origin) {
  return ChangeActions(
      ActionKindName(ActionKind::kStackDelete), uid, origin,
      [&](RegistryDraft& draft) { return draft.DeleteStack(uid, origin); });
}

absl::StatusOr<Action> SqliteRegistry::Scale(const ScaleCommand& command,
                                             const Origin& origin) {
  return ChangeActions(
      ActionKindName(ActionKind::kProcessScale), command.stack_uid, origin,
      [&](RegistryDraft& draft) { return draft.Scale(command, origin); });
}

absl::StatusOr<Action> SqliteRegistry::Run(const ProcessCommand& command,
                                           const Origin& origin) {
  return ChangeActions(
      ActionKindName(command.kind), command.stack_uid, origin,
      [&](RegistryDraft& draft) { return draft.Run(command, origin); });
}

absl::Status SqliteRegistry::ReportOutcomes(
    const std::vector<TargetOutcome>& outcomes, absl::Time now) {
  absl::MutexLock lock(&change_mutex_);
  RegistryDraft draft = NewDraft();
  draft.ReportOutcomes(outcomes, now);
  const RegistryChange change = std::move(draft).Finish();
  if (change.next == change.base) return absl::OkStatus();
  return Commit(change, [](Connection&) { return absl::OkStatus(); });
}

absl::StatusOr<std::shared_ptr<const Action>> SqliteRegistry::GetAction(
    std::string_view stack_uid, int64_t id) {
  const std::shared_ptr<const RegistrySnapshot> snapshot = Snapshot();
  const auto found = std::lower_bound(
      snapshot->open.begin(), snapshot->open.end(), id,
      [](const auto& action, int64_t other) { return action->id < other; });
  if (found != snapshot->open.end() && (*found)->id == id &&
      (*found)->stack_uid == stack_uid) {
    return *found;
  }
  absl::StatusOr<std::shared_ptr<const Action>> action;
  absl::Status read = db_.Read([&](Connection& connection) {
    action = ReadAction(connection, stack_uid, id);
    return action.status();
  });
  if (!read.ok()) return read;
  return action;
}

absl::StatusOr<ActionPage> SqliteRegistry::ListActions(
    std::string_view stack_uid, const storage::PageRequest& page) {
  if (absl::Status valid = Validate(page); !valid.ok()) return valid;
  absl::StatusOr<ActionPage> result;
  absl::Status read = db_.Read([&](Connection& connection) {
    result = ReadActionPage(connection, stack_uid, page);
    return result.status();
  });
  if (!read.ok()) return read;
  return result;
}

}  // namespace tallyman::stacks
