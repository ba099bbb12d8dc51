// The supervisor: a thread that makes what runs on this machine what the
// registry wants, whatever dies meanwhile. docs/lifecycle.md tells how.
//
//   absl::StatusOr<std::unique_ptr<Supervisor>> supervisor =
//       Supervisor::Start(options, {...});
//   registry.Scale({...});                // it is woken by changes
//   supervisor->Status()->Find(uid, "worker")->running

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

// Instances outlive it: destroying it stops the thread and nothing else.
class Supervisor : public StatusSource {
 public:
  struct Options {
    std::string server_uid;
    // The data directory: the keeper's socket is in it.
    std::string directory;
    // The program that is a keeper if it is called as keeper.h says.
    std::string program = "/proc/self/exe";
    BackoffOptions backoff;
    // See InstanceManager::Options.
    absl::Duration settle_time = absl::Seconds(1);
    absl::Duration action_deadline = absl::Seconds(60);
    int64_t default_open_files = 0;
    // Whether to use cgroups (version 2) where that is possible.
    bool use_cgroups = true;
    // The boot that this is; "" asks the kernel. For tests of reboots.
    std::string boot_id;
    // Called from the thread after Status() has changed; it has to be quick.
    std::function<void()> on_change;
    // Called from the thread, or by Start(). May be empty.
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
  // right from then on.
  static absl::StatusOr<std::unique_ptr<Supervisor>> Start(Options options,
                                                           const Parts& parts);
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_SUPERVISOR_H_
