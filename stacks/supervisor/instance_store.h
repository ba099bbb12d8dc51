// The instances of this machine in its local database: which process of the
// kernel belongs to which instance. A record is durable before its child is
// released, so that no crash loses an instance or starts it twice.
//
// Example: stacks/stacks_example_test.cc

#ifndef TALLYMAN_STACKS_SUPERVISOR_INSTANCE_STORE_H_
#define TALLYMAN_STACKS_SUPERVISOR_INSTANCE_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/process_handle.h"
#include "stacks/model/instance_key.h"
#include "storage/connection.h"
#include "storage/database.h"

namespace tallyman::stacks {

// The present process of an instance.
struct LaunchRecord {
  std::string launch;  // The id of the launch, 32 hex digits.
  platform::ProcessIdentity identity;
  std::string launch_hash;  // Of the definition that it was started with.
  int64_t generation = 0;   // The desired one when it was started.
  absl::Time started_at;    // By the wall clock, for people only.
  // False until the program is known to be executed.
  bool confirmed = false;

  bool operator==(const LaunchRecord&) const = default;
};

struct InstanceRecord {
  InstanceKey key;
  bool paused = false;
  int64_t restarts = 0;                // Starts after the first.
  std::optional<LaunchRecord> launch;  // None while it has no process.
  std::string last_exit;  // "exited with code 3"; "" if it never ended.
  std::optional<absl::Time> last_exit_at;
  std::string last_output;  // The last line of output before that.

  bool operator==(const InstanceRecord&) const = default;
};

// Writes are part of a transaction of the caller, which groups many of them.
// Errors are those of the database. Thread-safe.
class InstanceStore {
 public:
  // `db` must outlive the store.
  static absl::StatusOr<std::unique_ptr<InstanceStore>> Open(
      storage::Database& db);

  // Inserts the record or replaces the one with its key.
  static absl::Status Put(storage::Connection& connection,
                          const InstanceRecord& record);
  // OK if there is no such record.
  static absl::Status Remove(storage::Connection& connection,
                             const InstanceKey& key);

  // The greatest id of an action whose signals were sent, or were to be sent
  // when the server ended; 0: none was.
  static absl::Status PutLastSignal(storage::Connection& connection,
                                    int64_t action_id);
  absl::StatusOr<int64_t> LastSignal();

  // All records, by key.
  absl::StatusOr<std::vector<InstanceRecord>> List();

  // The uid of this server: random, made by the first call, stable since.
  absl::StatusOr<std::string> ServerUid();

 private:
  explicit InstanceStore(storage::Database& db) : db_(db) {}
  storage::Database& db_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_INSTANCE_STORE_H_
