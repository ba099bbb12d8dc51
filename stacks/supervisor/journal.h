// Gathers everything that the supervisor has to make durable in one round of
// its loop, and writes it in one transaction, however many instances it
// concerns.
//
//   journal.Put(instance.record);
//   journal.AfterCommit([&] { launcher.Release(instance); });
//   absl::Status committed = journal.Commit();

#ifndef TALLYMAN_STACKS_SUPERVISOR_JOURNAL_H_
#define TALLYMAN_STACKS_SUPERVISOR_JOURNAL_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "stacks/model/event.h"
#include "stacks/registry/event_log.h"
#include "stacks/supervisor/instance_store.h"
#include "storage/database.h"

namespace tallyman::stacks {

// Not thread-safe.
class Journal {
 public:
  // `db` and `events` must outlive the journal. Events name `server_uid`.
  Journal(storage::Database& db, EventLog& events, std::string server_uid)
      : db_(db), event_log_(events), server_uid_(std::move(server_uid)) {}

  // Inserts or replaces the record of an instance. The last Put() or Remove()
  // of a key before a commit wins.
  void Put(const InstanceRecord& record) { records_[record.key] = record; }
  void Remove(const InstanceKey& key) { records_[key] = std::nullopt; }

  // Adds an event of the instance and its present process, with the time now.
  void AddEvent(EventKind kind, const InstanceRecord& instance,
                std::string cause);

  // Adds an event of this server as a whole, with the time now.
  void AddServerEvent(EventKind kind, std::string cause);

  // Records that the signals of the action, and of all before it, were sent.
  void PutLastSignal(int64_t action_id) { last_signal_ = action_id; }

  // Calls `action` once everything that was put before is durable.
  void AfterCommit(std::function<void()> action) {
    after_.push_back(std::move(action));
  }

  bool empty() const {
    return records_.empty() && events_.empty() && after_.empty() &&
           !last_signal_;
  }

  // Writes everything, then calls the actions that waited. What these add waits
  // for the next commit. On an error everything is kept for the next call.
  absl::Status Commit();

 private:
  storage::Database& db_;
  EventLog& event_log_;
  const std::string server_uid_;
  // nullopt: to be removed.
  std::map<InstanceKey, std::optional<InstanceRecord>> records_;
  std::vector<Event> events_;
  std::optional<int64_t> last_signal_;
  std::vector<std::function<void()>> after_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_JOURNAL_H_
