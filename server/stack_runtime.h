// Builds and connects the parts that run stacks: the registry, the event log,
// the output files and the supervisor.

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
#include "stacks/model/registry.h"
#include "stacks/output/output_hub.h"
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
  // RLIMIT_NOFILE of instances whose definition has no limit; 0: the server's.
  int64_t default_open_files = 0;
};

class StackRuntime {
 public:
  // Opens the stores, creates or updates the stacks of `options.stacks_file`,
  // and starts the supervisor, which adopts the instances that run. A stack of
  // the file that conflicts with the present state (it is being removed, or its
  // desired count exceeds the new limit) stays unchanged, and is logged.
  // `address` is the URL of this server. The references must outlive the
  // runtime. The error is one line that names the obstacle; no instance is
  // started or stopped then.
  static absl::StatusOr<std::unique_ptr<StackRuntime>> Start(
      const StackOptions& options, const std::string& address,
      const storage::DataDirectory& directory, storage::Database& database,
      const platform::ProcessLister& lister, const Log& log);

  // The parts that the handlers use. The runtime must outlive the result.
  StackServices Services(const api::Redactor& redactor) const;

 private:
  StackRuntime() = default;

  absl::Status OpenStores(const StackOptions& options,
                          const std::string& address,
                          const storage::DataDirectory& directory,
                          storage::Database& database);
  absl::Status StartOutputHub(const Log& log);
  absl::Status ApplyStacksFile(const std::string& path, const Log& log);

  std::string server_uid_;
  std::unique_ptr<stacks::EventLog> events_;
  std::unique_ptr<stacks::InstanceStore> instances_;
  std::unique_ptr<stacks::SqliteRegistry> registry_;
  std::optional<stacks::OutputLogs> logs_;
  std::unique_ptr<stacks::OutputHub> output_hub_;
  std::unique_ptr<stacks::RegistryWatch> registry_watch_;  // For output_hub_.
  std::unique_ptr<stacks::Supervisor> supervisor_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_STACK_RUNTIME_H_
