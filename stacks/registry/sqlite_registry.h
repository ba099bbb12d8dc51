// The registry of one machine, in its SQLite database.
//
// Example: stacks/stacks_example_test.cc

#ifndef TALLYMAN_STACKS_REGISTRY_SQLITE_REGISTRY_H_
#define TALLYMAN_STACKS_REGISTRY_SQLITE_REGISTRY_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "stacks/model/definition.h"
#include "stacks/model/registry.h"
#include "stacks/registry/event_log.h"
#include "stacks/registry/registry_draft.h"
#include "storage/database.h"
#include "storage/pagination.h"

namespace tallyman::stacks {

struct SqliteRegistryOptions {
  // Newest actions kept of each stack; exceeded by at most 10%. Open actions
  // are always kept. At least 1.
  int64_t max_actions_per_stack = 10'000;
  // Removed stacks whose actions are kept: the last ones removed. At least 0.
  int64_t max_removed_stacks = 1000;
};

// Actions of one kind that ended.
struct EndedActions {
  int64_t succeeded = 0;
  int64_t failed = 0;  // Superseded ones too.
};

// Has all except the ended actions in memory too. A change and its events are
// one transaction, which writes only the differences. Use one object for a
// database: a second one would not see the changes of the first. Thread-safe:
// one change at a time; a failed change leaves no trace.
class SqliteRegistry final : public Registry {
 public:
  // Creates or migrates the tables and reads them. `events` must use `db`, and
  // both must outlive the registry. DataLoss names an invalid row.
  // InvalidArgument for options out of range.
  static absl::StatusOr<std::unique_ptr<SqliteRegistry>> Open(
      storage::Database& db, EventLog& events,
      const SqliteRegistryOptions& options = {});

  std::shared_ptr<const RegistrySnapshot> Snapshot() const override
      ABSL_LOCKS_EXCLUDED(snapshot_mutex_);
  std::unique_ptr<RegistryWatch> Watch(
      std::function<void()> on_change) override;

  absl::Status PutServer(const Server& server) override;
  absl::StatusOr<std::shared_ptr<const Stack>> CreateStack(
      const StackDefinition& definition, std::string_view server_uid,
      const Origin& origin) override;
  absl::StatusOr<std::shared_ptr<const Stack>> ReplaceStack(
      std::string_view uid, const StackDefinition& definition,
      std::string_view server_uid, const Origin& origin) override;
  absl::StatusOr<Action> DeleteStack(std::string_view uid,
                                     const Origin& origin) override;
  absl::StatusOr<Action> Scale(const ScaleCommand& command,
                               const Origin& origin) override;
  absl::StatusOr<Action> Run(const ProcessCommand& command,
                             const Origin& origin) override;
  absl::Status ReportOutcomes(const std::vector<TargetOutcome>& outcomes,
                              absl::Time now) override;
  absl::StatusOr<std::shared_ptr<const Action>> GetAction(
      std::string_view stack_uid, int64_t id) override;
  // InvalidArgument for a page out of range.
  absl::StatusOr<ActionPage> ListActions(
      std::string_view stack_uid, const storage::PageRequest& page) override;

  // The actions that ended since Open(). Reads memory only.
  EndedActions CountEnded(ActionKind kind) const;

 private:
  class Registration;

  SqliteRegistry(storage::Database& db, EventLog& events,
                 const SqliteRegistryOptions& options,
                 RegistrySnapshot snapshot, RegistryIds ids);

  // Applies `edit`, unless the request repeats an earlier one (see
  // Origin::idempotency_key). Returns the result of `edit`, of now or of the
  // earlier request: the uid of a stack or the id of an action.
  absl::StatusOr<std::string> Change(
      std::string_view kind, const Origin& origin,
      absl::FunctionRef<absl::StatusOr<std::string>(RegistryDraft&)> edit)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);
  absl::StatusOr<std::shared_ptr<const Stack>> ChangeStack(
      std::string_view kind, const Origin& origin,
      absl::FunctionRef<absl::StatusOr<std::string>(RegistryDraft&)> edit)
      ABSL_LOCKS_EXCLUDED(change_mutex_);
  absl::StatusOr<Action> ChangeActions(
      std::string_view kind, std::string_view stack_uid, const Origin& origin,
      absl::FunctionRef<absl::StatusOr<int64_t>(RegistryDraft&)> edit)
      ABSL_LOCKS_EXCLUDED(change_mutex_);

  // Writes the change and runs `also` in the same transaction, then publishes
  // the new snapshot.
  absl::Status Commit(
      const RegistryChange& change,
      absl::FunctionRef<absl::Status(storage::Connection&)> also)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);
  void CountEndedOf(const RegistryChange& change);
  RegistryDraft NewDraft() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);

  storage::Database& db_;
  EventLog& events_;
  const SqliteRegistryOptions options_;

  struct AtomicEnded {
    std::atomic<int64_t> succeeded = 0;
    std::atomic<int64_t> failed = 0;
  };
  std::array<AtomicEnded, kActionKinds> ended_;  // By ActionKind.

  // Held for a whole change, including disk writes and calls of watchers. Taken
  // before snapshot_mutex_.
  absl::Mutex change_mutex_;
  std::list<std::function<void()>> watchers_ ABSL_GUARDED_BY(change_mutex_);
  RegistryIds ids_ ABSL_GUARDED_BY(change_mutex_);

  // Held briefly. Replacing the snapshot needs both locks.
  mutable absl::Mutex snapshot_mutex_;
  std::shared_ptr<const RegistrySnapshot> snapshot_
      ABSL_GUARDED_BY(snapshot_mutex_);
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_REGISTRY_SQLITE_REGISTRY_H_
