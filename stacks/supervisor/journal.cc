#include "stacks/supervisor/journal.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "stacks/model/event.h"
#include "stacks/supervisor/instance_store.h"
#include "storage/connection.h"
#include "storage/database.h"

namespace tallyman::stacks {

void Journal::AddEvent(EventKind kind, const InstanceRecord& instance,
                       std::string cause) {
  const std::optional<LaunchRecord>& launch = instance.launch;
  events_.push_back({.time = absl::Now(),
                     .kind = kind,
                     .stack_uid = instance.key.stack_uid,
                     .process = instance.key.process,
                     .server_uid = server_uid_,
                     .instance = instance.key.number,
                     .pid = launch ? launch->identity.pid : 0,
                     .launch = launch ? launch->launch : "",
                     .cause = std::move(cause)});
}

void Journal::AddServerEvent(EventKind kind, std::string cause) {
  events_.push_back({.time = absl::Now(),
                     .kind = kind,
                     .server_uid = server_uid_,
                     .cause = std::move(cause)});
}

absl::Status Journal::Commit() {
  if (!records_.empty() || !events_.empty() || last_signal_) {
    absl::Status written = db_.Write([&](storage::Connection& connection) {
      for (const auto& [key, record] : records_) {
        absl::Status put = record ? InstanceStore::Put(connection, *record)
                                  : InstanceStore::Remove(connection, key);
        if (!put.ok()) return put;
      }
      if (last_signal_) {
        absl::Status put =
            InstanceStore::PutLastSignal(connection, *last_signal_);
        if (!put.ok()) return put;
      }
      if (events_.empty()) return absl::OkStatus();
      return event_log_.Append(connection, events_);
    });
    if (!written.ok()) return written;
    records_.clear();
    events_.clear();
    last_signal_.reset();
  }
  const std::vector<std::function<void()>> after = std::exchange(after_, {});
  for (const std::function<void()>& action : after) action();
  return absl::OkStatus();
}

}  // namespace tallyman::stacks
