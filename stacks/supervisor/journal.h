// What the supervisor has to make durable: gathered during one round of its
// loop and written in one transaction, however many instances it concerns.

#ifndef TALLYMAN_STACKS_SUPERVISOR_JOURNAL_H_
#define TALLYMAN_STACKS_SUPERVISOR_JOURNAL_H_

#include <functional>
#include <map>
#include <optional>
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
  // Both must outlive the journal.
  Journal(storage::Database& db, EventLog& events)
      : db_(db), event_log_(events) {}

  // The record of an instance from now on. Of several changes the last counts.
  void Put(const InstanceRecord& record) { records_[record.key] = record; }
  void Remove(const InstanceKey& key) { records_[key] = std::nullopt; }
  void Add(Event event) { events_.push_back(std::move(event)); }

  // Runs once all that was put so far is durable: what must not happen earlier.
  void AfterCommit(std::function<void()> action) {
    after_.push_back(std::move(action));
  }

  bool empty() const {
    return records_.empty() && events_.empty() && after_.empty();
  }

  // Writes everything, then runs what waited for it. On an error nothing is
  // lost: it all stays, to be committed at the next call.
  absl::Status Commit();

 private:
  storage::Database& db_;
  EventLog& event_log_;
  std::map<InstanceKey, std::optional<InstanceRecord>> records_;
  std::vector<Event> events_;
  std::vector<std::function<void()>> after_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_JOURNAL_H_
