// The supervisor: a thread that keeps the instances on this machine equal to
// the desired ones in the registry, across crashes of programs, keeper and
// server. docs/lifecycle.md describes how.
//
// Example: stacks/stacks_example_test.cc

#ifndef TALLYMAN_STACKS_SUPERVISOR_SUPERVISOR_H_
#define TALLYMAN_STACKS_SUPERVISOR_SUPERVISOR_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/process_lister.h"
#include "stacks/model/notice.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/output/output_log.h"
#include "stacks/registry/event_log.h"
#include "stacks/supervisor/backoff.h"
#include "stacks/supervisor/instance_store.h"
#include "storage/database.h"

namespace tallyman::stacks {

// Thread-safe. Instances outlive it: the destructor ends the thread only.
class Supervisor : public StatusSource {
 public:
  struct Options {
    std::string server_uid;
    // The data directory, which holds the keeper's socket.
    std::string directory;
    // Started as the keeper, with the argument kKeeperArgument
    // (stacks/keeper/daemon.h).
    std::string program = "/proc/self/exe";
    BackoffOptions backoff;
    // How long a program has to run before its instance counts as running for
    // an action: a program that ends at once does not.
    absl::Duration settle_time = absl::Seconds(1);
    // How long an action may take, besides the stop sequences that it causes,
    // from when this server first sees it.
    absl::Duration action_deadline = absl::Seconds(60);
    // RLIMIT_NOFILE of instances whose definition has none; 0: the keeper's.
    int64_t default_open_files = 0;
    // Whether to use cgroups (version 2) where the kernel allows it.
    bool use_cgroups = true;
    // The id of the present boot; "" asks the kernel. For tests of reboots.
    std::string boot_id;
    // Called from the thread after Status() changed; must be quick.
    std::function<void()> on_change;
    // Called from the thread, and by Start(). May be empty.
    NoticeSink notices;
  };

  // All must outlive the supervisor.
  struct Parts {
    storage::Database& database;
    Registry& registry;
    InstanceStore& instances;
    EventLog& events;
    const OutputLogs& logs;
    const platform::ProcessLister& lister;
  };

  // Takes over the instances of earlier servers before it returns: Status() is
  // complete from then on. Errors are those of the database, and of the kernel
  // if the process is out of descriptors.
  static absl::StatusOr<std::unique_ptr<Supervisor>> Start(Options options,
                                                           const Parts& parts);

  // The rounds that the thread has made so far, and wakes it for one more: a
  // thread that hangs has made none by a later call. Takes no lock.
  virtual uint64_t CountRounds() const = 0;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_SUPERVISOR_H_
