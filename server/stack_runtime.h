// The parts that run stacks, on systems where the server runs them; else what
// answers for them.

#ifndef TALLYMAN_SERVER_STACK_RUNTIME_H_
#define TALLYMAN_SERVER_STACK_RUNTIME_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/host/process_owners.h"
#include "api/metrics/metrics_writer.h"
#include "api/redaction/redaction.h"
#include "platform/process_lister.h"
#include "server/handlers/session_change.h"
#include "server/handlers/token_change.h"
#include "server/log/log.h"
#include "server/routing/router.h"
#include "server/stack_options.h"
#include "storage/data_directory.h"
#include "storage/database.h"

namespace tallyman::server {

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
      const platform::ProcessLister& lister, const api::Redactor& redactor,
      const Log& log);

  virtual ~StackRuntime() = default;

  // Adds the routes of stacks, which the runtime must outlive. Without stacks
  // they answer 501.
  virtual void AddRoutes(const api::Redactor& redactor, Router& router) = 0;

  // Add a change to the log of events, if there is one. Thread-safe.
  virtual absl::Status RecordToken(const TokenChange& change) = 0;
  virtual absl::Status RecordSession(const SessionChange& change) = 0;

  // The instances that run, if the server runs any; null without stacks.
  // Thread-safe.
  virtual std::shared_ptr<const api::ProcessOwners> ProcessOwners() const = 0;

  // Writes the metrics of stacks, if there are any. Thread-safe; reads the
  // database.
  virtual void WriteMetrics(api::MetricsWriter& writer) const = 0;

  // See stacks::Supervisor::CountRounds(); nullopt without stacks. Thread-safe.
  virtual std::optional<uint64_t> CountRounds() const = 0;

  // Why instances get no cgroups although they may have them; "" if they do.
  virtual const std::string& cgroups_not_used() const = 0;
};

// The exit code of another program that the arguments ask this binary to be,
// such as the keeper of instances; nullopt if they do not.
std::optional<int> RunOtherProgram(const std::vector<std::string>& arguments);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_STACK_RUNTIME_H_
