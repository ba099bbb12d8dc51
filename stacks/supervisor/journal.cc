#include "stacks/supervisor/journal.h"

#include <functional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "stacks/supervisor/instance_store.h"
#include "storage/connection.h"
#include "storage/database.h"

namespace tallyman::stacks {

absl::Status Journal::Commit() {
  if (!records_.empty() || !events_.empty()) {
    absl::Status written = db_.Write([&](storage::Connection& connection) {
      for (const auto& [key, record] : records_) {
        absl::Status put = record ? InstanceStore::Put(connection, *record)
                                  : InstanceStore::Remove(connection, key);
        if (!put.ok()) return put;
      }
      if (events_.empty()) return absl::OkStatus();
      return event_log_.Append(connection, events_);
    });
    if (!written.ok()) return written;
    records_.clear();
    events_.clear();
  }
  // What these put comes with the next commit.
  const std::vector<std::function<void()>> after = std::exchange(after_, {});
  for (const std::function<void()>& action : after) action();
  return absl::OkStatus();
}

}  // namespace tallyman::stacks
