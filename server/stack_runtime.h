// Everything that runs stacks: their registry, the audit log, the output files
// and the supervisor, put together.

#ifndef TALLYMAN_SERVER_STACK_RUNTIME_H_
#define TALLYMAN_SERVER_STACK_RUNTIME_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/redaction/redaction.h"
#include "platform/process_lister.h"
#include "server/handlers/stack_services.h"
#include "server/log/log.h"
#include "stacks/output/output_log.h"
#include "stacks/registry/event_log.h"
#include "stacks/registry/sqlite_registry.h"
#include "stacks/supervisor/backoff.h"
#include "stacks/supervisor/instance_store.h"
#include "stacks/supervisor/supervisor.h"
#include "storage/data_directory.h"
#include "storage/database.h"

namespace tallyman::server {

// The flags that concern stacks.
struct StackOptions {
  std::string stacks_file;  // "" for none.
  std::string server_name;  // "" is the host's name.
  absl::Duration settle_time = absl::Seconds(1);
  absl::Duration action_deadline = absl::Seconds(60);
  stacks::BackoffOptions backoff;
  stacks::EventLog::Options events;
  stacks::OutputLogs::Options logs;
  bool use_cgroups = true;
  // RLIMIT_NOFILE of instances that have no limit of their own; 0: the
  // server's.
  int64_t default_open_files = 0;
};

class StackRuntime {
 public:
  // Opens the stores, brings the stacks of the file in, and takes over the
  // instances that run. A stack of the file that what runs stands against (it
  // is being removed, or more are wanted than its new limit) is left as it is,
  // and logged. `address` is where this server is reached. All that is referred
  // to must outlive the runtime. The error says in one line what is in the way;
  // nothing runs differently then.
  static absl::StatusOr<std::unique_ptr<StackRuntime>> Start(
      const StackOptions& options, const std::string& address,
      const storage::DataDirectory& directory, storage::Database& database,
      const platform::ProcessLister& lister, const Log& log);

  // For the handlers.
  StackServices Services(const api::Redactor& redactor) const;

 private:
  StackRuntime() = default;

  absl::Status OpenStores(const StackOptions& options,
                          const std::string& address,
                          const storage::DataDirectory& directory,
                          storage::Database& database);
  absl::Status ApplyStacksFile(const std::string& path, const Log& log);

  std::string server_uid_;
  std::unique_ptr<stacks::EventLog> events_;
  std::unique_ptr<stacks::InstanceStore> instances_;
  std::unique_ptr<stacks::SqliteRegistry> registry_;
  std::optional<stacks::OutputLogs> logs_;
  std::unique_ptr<stacks::Supervisor> supervisor_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_STACK_RUNTIME_H_
